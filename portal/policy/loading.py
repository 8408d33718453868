"""Reads a policy from its files, and to and from its canonical JSON.

A policy is one TOML file and, beside it in a folder of the same stem, one markdown file per article and language:
`2021-02-04.toml`, `2021-02-04/ko/02-1.md`, `2021-02-04/en/02-1.md`. All faults of all these files are told at once.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from portal.policy.checks import KEYED, Draft, check
from portal.policy.decoding import Decoder, is_fact, name_of
from portal.policy.faults import Fault, PolicyFaults
from portal.policy.model import LANGUAGES, Policy

HERE = Path(__file__).parent
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")


def shipped() -> list[Path]:
    """Return the policies that come with the portal, oldest first."""
    return sorted(HERE.glob("[0-9]*.toml"))


def load(path: Path) -> Policy:
    """Return the policy that these files hold; raise PolicyFaults with everything that is wrong with it."""
    raw = _parsed(path)
    decoder = Decoder(path.name)
    texts = _texts(path, raw.get("articles"), decoder.faults)
    if isinstance(raw.get("articles"), list):
        raw = {**raw, "articles": [_with_text(article, texts, decoder) for article in raw["articles"]]}
    return _policy(raw, decoder, path.stem)


def from_facts(raw: Mapping[str, Any], name: str) -> Policy:
    """Return the policy that a draft holds: the tables of a policy file, each article with its texts in it. `name` is
    how faults call the draft. Raises PolicyFaults with everything that is wrong with it."""
    return _policy(raw, Decoder(name), str(raw.get("version", "")))


def to_facts(policy: Policy) -> dict[str, Any]:
    """Return a policy as a draft holds it; `from_facts` returns it again."""
    facts: dict[str, Any] = msgspec.json.decode(to_json(policy))
    return facts


def facts_of_file(content: bytes, texts: Mapping[str, Mapping[str, str]], name: str) -> dict[str, Any]:
    """Return what a policy file holds, with the text of each article taken from `texts`, by number and language.

    Raises PolicyFaults where it is no TOML, or holds what no form of a draft could show: an unknown section, one of
    another shape, or a table without the key that names it. All else may be wrong with it.
    """
    raw = _read(content, name)
    faults = [*_misshapen(raw, name)]
    if faults:
        raise PolicyFaults(faults)
    if "articles" in raw:
        raw["articles"] = [{"text": dict(texts.get(name_of(one, 0), {})), **one} for one in raw["articles"]]
    return raw


def to_json(policy: Policy) -> str:
    """Return the policy as canonical JSON: equal policies give equal text."""
    return msgspec.json.encode(policy, order="deterministic").decode()


def from_json(text: str) -> Policy:
    """Return the policy that `to_json` wrote; raise msgspec.ValidationError when the text is something else."""
    return msgspec.json.decode(text, type=Policy)


def article_file(folder: Path, language: str, number: str) -> Path:
    """Return where the text of an article lies: number '2-1' in `<folder>/ko/02-1.md`."""
    first, _, rest = number.partition("-")
    return folder / language / (f"{first:0>2}-{rest}.md" if rest else f"{first:0>2}.md")


def _policy(raw: Mapping[str, Any], decoder: Decoder, stem: str) -> Policy:
    facts = _decoded(raw, decoder)
    draft = Draft(file=decoder.file, facts=facts, keys=_keys(raw))
    faults = [*decoder.faults, *check(draft), *_dates(draft, stem)]
    if faults:
        raise PolicyFaults(faults)
    return Policy(**facts)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        fault = Fault(path.name, "the file", error.strerror or "an error", "a readable file", f"Look at {path}.")
        raise PolicyFaults([fault]) from None
    return _read(content, path.name)


def _read(content: bytes, name: str) -> dict[str, Any]:
    if not content.strip():
        raise PolicyFaults([Fault(name, "the file", "nothing", "a policy in TOML", "Begin with a copy of another.")])
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = Fault(name, f"line {line}", "no UTF-8", "UTF-8 text", "Save the file as UTF-8.")
    except tomllib.TOMLDecodeError as error:
        what, place = _PLACE.sub("", str(error)), _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else content.count(b"\n") + 1
        fault = Fault(name, f"line {line}", f"no TOML: {what}", "a TOML document", "Correct this line.")
    except RecursionError:
        fault = Fault(name, "the file", "no TOML: nested too deeply", "a TOML document", "Take brackets away.")
    raise PolicyFaults([fault])


def _misshapen(raw: Mapping[str, Any], name: str) -> Iterator[Fault]:
    sections = {field.name: field.type for field in msgspec.structs.fields(Policy)}
    for section, held in raw.items():
        if section not in sections:
            yield Fault(name, section, "an unknown section", f"one of {', '.join(sections)}", "Remove or rename it.")
        elif section in (*KEYED, "articles"):
            tables = held if isinstance(held, list) else [held]
            for n, one in enumerate(tables, start=1):
                if not isinstance(one, Mapping) or tables is not held or name_of(one, 0) == "0":
                    expected = "a table with a number" if section == "articles" else "a table with a key"
                    yield Fault(name, f"{section}[{n}]", "none", expected, f"Write it under [[{section}]].")
        elif is_fact(sections[section]) and not isinstance(held, Mapping):
            yield Fault(name, section, "none", "a table", f"Write it under [{section}].")


def _texts(path: Path, articles: Any, faults: list[Fault]) -> dict[str, dict[str, str]]:
    """Return each article's text by number and language; a file without an article, or empty, is a fault too."""
    folder = path.with_suffix("")
    numbers = [name_of(one, n) for n, one in enumerate(articles, start=1)] if isinstance(articles, list) else []
    texts: dict[str, dict[str, str]] = {number: {} for number in numbers}
    for language in LANGUAGES:
        expected = {article_file(folder, language, number): number for number in numbers}
        for file, number in expected.items():
            where = f"{folder.name}/{language}/{file.name}"
            try:
                words = file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                faults.append(
                    Fault(where, "the file", "nothing readable", f"the text of article {number}", "Write it as UTF-8.")
                )
                continue
            if not words:
                faults.append(Fault(where, "the file", "an empty text", f"the text of article {number}", "Write it."))
            texts[number][language] = words
        for stray in sorted(set((folder / language).glob("*.md")) - set(expected)):
            where = f"{folder.name}/{language}/{stray.name}"
            faults.append(
                Fault(where, "the file", "a text of no article", "an article for each text", "Add [[articles]] for it.")
            )
    return texts


def _with_text(article: Any, texts: Mapping[str, Mapping[str, str]], decoder: Decoder) -> Any:
    """Return the article's table with its text put in; an unreadable text has been told already and reads as a dash."""
    if not isinstance(article, Mapping):
        return article
    number = name_of(article, 0)
    if "text" in article:
        decoder.fault(
            f"articles[{number}].text", "a text in the table", "a file of its own", "Move it into the folder."
        )
    found = texts.get(number, {})
    return {**article, "text": {language: found.get(language) or "-" for language in LANGUAGES}}


def _decoded(raw: Mapping[str, Any], decoder: Decoder) -> dict[str, Any]:
    fields = {field.name: field for field in msgspec.structs.fields(Policy)}
    for name in raw:
        if name not in fields:
            decoder.fault(name, "an unknown section", f"one of {', '.join(fields)}", "Remove or rename it.")
    facts: dict[str, Any] = {}
    for name, field in fields.items():
        if name in raw:
            facts[name] = decoder.value(raw[name], field.type, name)
        elif name not in KEYED and name != "articles":
            decoder.fault(name, "nothing", "the section", "Add it.")
    return facts


def _keys(raw: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    sections = {section: raw.get(section) for section in (*KEYED, "articles")}
    return {
        section: tuple(name_of(one, n) for n, one in enumerate(tables, start=1))
        for section, tables in sections.items()
        if isinstance(tables, list)
    }


def _dates(draft: Draft, stem: str) -> list[Fault]:
    version, effective_on = draft.facts.get("version"), draft.facts.get("effective_on")
    faults = []
    if isinstance(version, str) and version != stem:
        faults.append(draft.fault("version", repr(version), f"the file's stem {stem!r}", "Rename one of the two."))
    if isinstance(version, str) and not _is_date(version):
        faults.append(draft.fault("version", repr(version), "a date that exists", "Write it as YYYY-MM-DD."))
    elif isinstance(version, str) and effective_on and version != effective_on.isoformat():
        faults.append(
            draft.fault("effective_on", str(effective_on), f"the version's day {version}", "Make them equal.")
        )
    return faults


def _is_date(version: str) -> bool:
    try:
        date.fromisoformat(version)
    except ValueError:
        return False
    return True
