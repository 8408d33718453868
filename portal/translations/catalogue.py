"""Keeping the catalogue in step with the source: what is said, what has English, and the compiled file that runs.

`python -m portal.translations` brings the `.po` file in step and compiles it; the house's tests refuse a catalogue
that is not.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PORTAL = Path(__file__).parent.parent
PO = PORTAL / "translations" / "en" / "LC_MESSAGES" / "messages.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
HEADER = "# English for the portal. Bring it in step with `python -m portal.translations`."
PLACES = ("templates", "views", "forms", "services", "")


def said() -> Catalog:
    """Return everything in the source that is marked for translation."""
    catalog = Catalog(charset="utf-8", fuzzy=False)
    for message, place in _found():
        catalog.add(message, locations=[(place, 0)])
    return catalog


def _found() -> Iterator[tuple[str | tuple[str, ...], str]]:
    for place in PLACES:
        folder = PORTAL / place
        for name, _, message, _, _ in extract_from_dir(
            folder,
            method_map=METHODS,
            keywords=KEYWORDS,
            directory_filter=(lambda path: False) if not place else None,
        ):
            yield message, f"{place}/{name}".lstrip("/")


def written() -> Catalog:
    """Return the catalogue as it stands in the file."""
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def compiled(catalog: Catalog) -> bytes:
    """Return the compiled form of a catalogue."""
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def bring_in_step() -> list[str]:
    """Add what is newly said, drop what is said no more, compile; return the messages that still want English."""
    catalog = written() if PO.exists() else Catalog(locale="en", charset="utf-8", fuzzy=False)
    made = catalog.creation_date
    catalog.update(said(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = made  # a run that changes no word changes no line
    catalog.header_comment = HEADER
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, catalog, omit_header=False, no_location=True, sort_output=True, width=110)
    MO.write_bytes(compiled(catalog))
    return missing(catalog)


def missing(catalog: Catalog) -> list[str]:
    """Return the messages without English, or with a placeholder that the Korean does not have."""
    wanting = []
    for message in catalog:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(texts) or message.fuzzy or list(message.check(catalog)):
            wanting.append(message.id if isinstance(message.id, str) else message.id[0])
    return wanting
