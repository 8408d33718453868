"""How the portal speaks: the language of an answer, and the words for days, moments and periods.

Korean is the language the texts are written in; English comes from the catalogue under `translations/`.
A policy carries both languages itself (`Text`), so its words never pass through the catalogue.
Nothing here reads a store.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import cast

from babel.dates import format_date
from flask import Flask, current_app, g, has_request_context, request, session
from flask_babel import Babel, gettext
from jinja2 import pass_context
from jinja2.runtime import Context

from middleware.outbound import Html, Outbound
from portal.clock import SEOUL
from portal.policy.model import LANGUAGES, Language, Text

NAMES = {"ko": "한국어", "en": "English"}
DAY_PATTERNS = {"ko": "y년 M월 d일", "en": "d MMMM y"}
DUE_PATTERNS = {"ko": "M월 d일(EEE)", "en": "EEE d MMMM"}
SHORT_PATTERNS = {"ko": "MM-dd(EEE)", "en": "EEE d MMM"}


def speak(app: Flask, default: str) -> None:
    """Give `app` its languages and the filters that templates use."""
    app.config.update(BABEL_DEFAULT_LOCALE=default, BABEL_DEFAULT_TIMEZONE="Asia/Seoul")
    Babel(app, locale_selector=language)

    @app.before_request
    def remember_language() -> None:
        asked = request.args.get("lang")
        if asked in LANGUAGES and request.endpoint != "static" and not is_call():
            g.language = session["language"] = asked

    for name, say in {
        "say": say_text,
        "day": say_day,
        "due_day": say_due_day,
        "short_day": say_short_day,
        "moment": say_moment,
        "clock_time": say_clock_time,
        "article": say_article,
        "outbound": link_out,
    }.items():
        app.add_template_filter(_anew(say), name)


def _anew(say: Callable[..., object]) -> Callable[..., object]:
    """Return a filter that speaks for each answer anew: what has no context Jinja works out once where it is asked of a
    constant, in the language of whoever came first."""

    @pass_context
    def said(_context: Context, *values: object) -> object:
        return say(*values)

    return said


def language() -> Language:
    """Return the language of this answer: asked for, else remembered, else the instance's own."""
    default = cast(Language, current_app.config["BABEL_DEFAULT_LOCALE"])
    if not has_request_context():
        return default
    if "language" not in g:
        if is_call():
            g.language = request.accept_languages.best_match(LANGUAGES, default)
        else:
            remembered = session.get("language")
            g.language = remembered if remembered in LANGUAGES else default
    return cast(Language, g.language)


def is_call() -> bool:
    """Tell whether a program calls the API: it has no session, and names its language in each call."""
    return request.path.startswith("/api/")


def say_text(text: Text) -> str:
    """Return the policy's own words in the language of this answer."""
    return text.in_language(language())


def say_day(day: date) -> str:
    """Return a Seoul day as "2021년 2월 4일" or "4 February 2021"."""
    spoken = language()
    return format_date(day, DAY_PATTERNS[spoken], locale=spoken)


def say_due_day(day: date) -> str:
    """Return a day near enough to need no year, with its weekday: "11월 26일(목)" or "Thu 26 November"."""
    spoken = language()
    return format_date(day, DUE_PATTERNS[spoken], locale=spoken)


def say_short_day(day: date) -> str:
    """Return the same for a narrow column: "11-26(목)" or "Thu 26 Nov"."""
    spoken = language()
    return format_date(day, SHORT_PATTERNS[spoken], locale=spoken)


def say_moment(at: datetime) -> str:
    """Return an aware moment in Seoul time to the minute: "2026-11-23 10:21", the form of every log here."""
    return at.astimezone(SEOUL).strftime("%Y-%m-%d %H:%M")


def say_clock_time(at: datetime) -> str:
    """Return the time of day in Seoul: "10:21"."""
    return at.astimezone(SEOUL).strftime("%H:%M")


def say_article(number: str) -> str:
    """Return the name of an article for its chip: "제2-2조" or "Art. 2-2"."""
    return gettext("제%(number)s조", number=number)


def link_out(url: str, words: str) -> Html:
    """Return a link, marked in the language of this answer when it leads to somebody else's site (Article 9)."""
    return Outbound(label=gettext("외부 사이트"))(url, words)
