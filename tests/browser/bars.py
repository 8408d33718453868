"""What every page is measured by. Each function looks at an open page and returns what falls short, in words."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request

WIDTHS = (320, 360, 1280)
# Colours are the same at every width and 360 px has the layout of 320 px, and axe takes its time.
SCHEMES: dict[int, tuple[str, ...]] = {320: ("light", "dark"), 360: (), 1280: ("light",)}
WALKED = (320, 1280)  # where the keyboard goes all the way round
HEIGHT = 900
AXE = Axe()
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}

_SMALL_TARGETS = """() => {
  const visible = e => e.checkVisibility({visibilityProperty: true}) && !e.classList.contains('skip');
  const inText = e => getComputedStyle(e).display === 'inline'
    && e.parentElement.textContent.trim().length > e.textContent.trim().length;
  const found = [];
  for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')) {
    if (!visible(e)) continue;
    const held = e.matches('input[type=checkbox], input[type=radio]') ? e.closest('label') || e : e;
    const box = held.getBoundingClientRect();
    const least = e.matches('button, select, summary, .btn, nav:not(.toc) a, input') ? 44 : 24;
    if (inText(e) && least === 24) continue;
    if (Math.round(Math.min(box.width, box.height) * 10) / 10 < least)
      found.push(`${e.outerHTML.slice(0, 80)}: ${box.width.toFixed(1)} x ${box.height.toFixed(1)}, least ${least}`);
  }
  return found;
}"""
_STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!e.dataset.stop) e.dataset.stop = String(document.querySelectorAll('[data-stop]').length + 1);
  const hit = document.elementFromPoint(box.left + Math.min(box.width, innerWidth) / 2, box.top + box.height / 2);
  return {
    stop: e.dataset.stop, name: e.outerHTML.slice(0, 80),
    ring: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth
      && Boolean(hit) && (hit === e || e.contains(hit) || hit.contains(e)),
  };
}"""
_STOPS = """() => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')]
    .filter(e => e.checkVisibility({visibilityProperty: true}));
  return new Set(all.map(e => e.type === 'radio' ? e.name : e)).size;  // a group of choices is one stop
}"""


class Watch:
    """Listens to a page: what its console says, and whom it asks."""

    def __init__(self, page: Page, site: str) -> None:
        self._site = site
        self._said: list[ConsoleMessage] = []
        self._asked: list[Request] = []
        page.on("console", lambda said: self._said.append(said))
        page.on("request", lambda asked: self._asked.append(asked))

    def faults(self) -> list[str]:
        """Return console messages, but for the browser's own remark on a status, and requests to anybody else."""
        said = [one.text for one in self._said if not one.text.startswith("Failed to load resource: the server resp")]
        return said + [one.url for one in self._asked if not one.url.startswith(self._site)]


def accessibility_faults(page: Page) -> list[str]:
    """Return what axe finds: WCAG 2.0 to 2.2 A and AA, and best practice."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(options)", RULES)["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def sideways_faults(page: Page) -> list[str]:
    """Return what is wider than the window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [] if wide == window else [f"{wide} px wide in a window of {window} px"]


def frame_faults(page: Page, language: str = "ko") -> list[str]:
    """Return what a page lacks of one h1, a title with the product's name, and its language."""
    faults = []
    if (count := page.locator("h1").count()) != 1:
        faults.append(f"{count} h1")
    if not (title := page.title()).endswith(" - MateCost") or len(title) <= len(" - MateCost"):
        faults.append(f"title {title!r}")
    if (spoken := page.locator("html").get_attribute("lang")) != language:
        faults.append(f"lang {spoken!r}")
    return faults


def small_targets(page: Page) -> list[str]:
    """Return what is harder to hit than it may be: 44 px for controls, 24 px for links outside text."""
    found: list[str] = page.evaluate(_SMALL_TARGETS)
    return found


def keyboard_faults(page: Page) -> list[str]:
    """Walk through the whole page with Tab; return each stop that is out of sight or has no ring of 2 px, and say so
    when the walk misses a control."""
    expected = page.evaluate(_STOPS)
    faults: list[str] = []
    stops: list[str] = []
    for _ in range(4 * expected + 5):  # from wherever the page has put the focus, past its end, and round again
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            continue
        if stops and stop["stop"] == stops[-1]:
            continue  # a date has a stop for each of its parts
        if stop["stop"] in stops:
            break
        stops.append(stop["stop"])
        if not stop["seen"]:
            faults.append(f"out of sight: {stop['name']}")
        if stop["ring"] < 2:
            faults.append(f"no ring: {stop['name']}")
    reached = len(stops)
    return faults if reached >= expected else [*faults, f"{reached} of {expected} controls reached by Tab"]


def open_details(page: Page) -> int:
    """Open every disclosure; return how many there are."""
    count: int = page.evaluate("() => [...document.querySelectorAll('details')].map(e => e.open = true).length")
    return count


def close_details(page: Page) -> None:
    """Close every disclosure again, and take the focus from wherever it is."""
    page.evaluate(
        "() => { document.querySelectorAll('details').forEach(e => e.open = false); document.activeElement.blur(); }"
    )
