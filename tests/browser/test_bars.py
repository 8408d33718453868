"""Every page, light and dark, at three widths: nothing axe objects to, nothing sideways, everything by keyboard."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import bars
from tests.browser.fixtures import PATIENCE_MS, SEEN_AS
from tests.browser.person import AGREE, Person
from tests.browser.places import LATER, MORE_PURPOSES, OPTIONAL, PLACES
from tests.browser.serving import Installation

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def grown(chromium: Chromium, installation: Installation) -> Iterator[tuple[Installation, Person]]:
    """The installation, whose policy has changed and gained an optional item, and a member who agreed before that."""
    context = chromium.new_context(**SEEN_AS)
    context.set_default_timeout(PATIENCE_MS)
    before = Person(installation, context.new_page(), installation.new_member()).has_agreed()
    installation.publish(LATER, MORE_PURPOSES, toml=OPTIONAL)
    yield installation, before
    context.close()


@pytest.mark.parametrize("place", PLACES)
def test_a_page_keeps_every_bar(
    place: str, grown: tuple[Installation, Person], window: Callable[..., BrowserContext]
) -> None:
    """Light and dark, at three widths, disclosures closed and open: nothing axe objects to, no sideways scrolling, no
    console message, no foreign request, targets large enough, a ring at every stop of the keyboard."""
    installation, _ = grown
    heading, walk = PLACES[place]
    page = window(java_script_enabled=True).new_page()
    watch = bars.Watch(page, installation.url)

    walk(Person(installation, page, installation.new_member()))

    expect(page.locator("h1")).to_have_text(heading)
    faults = faults_of(page) + watch.faults()
    assert faults == [], "\n".join(faults)


def test_the_form_that_asks_again_keeps_every_bar(grown: tuple[Installation, Person]) -> None:
    """So does the form that shows a member what changed since the last consent."""
    _, before = grown
    watch = bars.Watch(before.page, before.installation.url)

    before.open("/")

    before.is_headed("처리방침이 바뀌어서 다시 여쭤봐요")
    faults = faults_of(before.page) + watch.faults()
    assert faults == [], "\n".join(faults)


def faults_of(page: Page) -> list[str]:
    """Return everything that falls short, with where it was seen."""
    faults = bars.frame_faults(page)
    for width in bars.WIDTHS:
        page.set_viewport_size({"width": width, "height": bars.HEIGHT})
        faults += [f"{width} px, closed: {fault}" for fault in bars.sideways_faults(page) + bars.small_targets(page)]
        if bars.open_details(page):
            faults += [f"{width} px, open: {fault}" for fault in bars.sideways_faults(page) + bars.small_targets(page)]
        for scheme in bars.SCHEMES[width]:  # axe looks at what stands open: it sees all that it would see closed
            page.emulate_media(color_scheme=scheme)
            faults += [f"{width} px, {scheme}: {fault}" for fault in bars.accessibility_faults(page)]
        if width in bars.WALKED:
            faults += [f"{width} px: {fault}" for fault in bars.keyboard_faults(page)]
        bars.close_details(page)
    return faults


def test_the_bars_notice_a_bad_page(window: Callable[..., BrowserContext], installation: Installation) -> None:
    """A page made to fall short fails each of the bars, so that their silence means something."""
    page = window(java_script_enabled=True).new_page()
    watch = bars.Watch(page, installation.url)
    page.goto(f"{installation.url}/privacy/")
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate(
        """() => {
          document.documentElement.lang = 'xx';
          document.title = '';
          const bad = document.createElement('div');
          bad.innerHTML = '<h1>둘째</h1><button></button><input><a href="/x" id="tiny">.</a>'
            + '<img src="http://elsewhere.example/x.png"><p id="wide">x</p>';
          document.querySelector('main').append(bad);
          document.querySelector('#wide').style.width = '900px';
          document.querySelector('#tiny').style.display = 'inline-block';
          document.querySelector('#tiny').style.outline = 'none';
        }"""
    )

    assert {fault.partition(":")[0] for fault in bars.accessibility_faults(page)} >= {
        "button-name",
        "label",
        "image-alt",
    }
    assert bars.frame_faults(page) == ["2 h1", "title ''", "lang 'xx'"]
    assert bars.sideways_faults(page) != []
    assert any("tiny" in fault for fault in bars.small_targets(page))
    assert any("no ring" in fault and "tiny" in fault for fault in bars.keyboard_faults(page))
    assert any("Content Security Policy" in fault for fault in watch.faults())


def test_the_gate_is_light(grown: tuple[Installation, Person], window: Callable[..., BrowserContext]) -> None:
    """The consent page, with an optional item too, is its own HTML and two stylesheets, 50 KB together at most."""
    installation, _ = grown
    person = Person(installation, window().new_page(), installation.new_member())
    person.sign_in()
    person.is_headed("서비스를 시작하려면 개인정보 동의가 필요해요")
    sizes: dict[str, int] = {}

    person.page.on("response", lambda answer: sizes.update({answer.url.partition("?")[0]: len(answer.body())}))
    person.page.reload()

    assert person.button(AGREE).is_visible()
    assert {url.rpartition("/")[2] for url in sizes} == {"consent", "ui.css", "ui-dark.css"}
    assert sum(sizes.values()) <= 50_000
