"""How what is wrong with a draft or with a policy file is said at the desk, and what a version's state is called."""

import re
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, lazy_gettext

from portal.policy.faults import Fault
from portal.policy.model import LANGUAGES, Language
from portal.rules.naming import field_name, section_name
from portal.services.drafting import LISTS, SINGLE

STATES: dict[str, tuple[str, Any]] = {
    "ANNOUNCED": (" pill--hold", lazy_gettext("시행 예정")),
    "EFFECTIVE": (" pill--done", lazy_gettext("시행 중")),
    "SUPERSEDED": ("", lazy_gettext("지난 방침")),
    "WITHDRAWN": (" pill--bad", lazy_gettext("철회됨")),
}
TOO_LARGE = lazy_gettext("파일이 1MB를 넘어 받지 않았습니다. 방침 파일(TOML)이 맞는지 확인해 주세요.")
FAULTS = {
    "an empty text": lazy_gettext("비어 있습니다. 두 언어로 모두 적어 주세요."),
    "nothing": lazy_gettext("비어 있습니다. 적어 주세요."),
    "an unknown section": lazy_gettext("방침에 없는 부분입니다. 이름을 고치거나 지워 주세요."),
    "none": lazy_gettext("이름(key)이 있는 표로 적어 주세요."),
}
PATH = re.compile(r"(\w+)(?:\[([^\]]+)\])?(?:\.(.+))?\Z")  # section, key and field, as a fault names its place
LINE = re.compile(r"line (\d+)\Z")
LONGEST_LINE = 80


@dataclass(frozen=True)
class Placed:
    """A fault of a draft, and the fact in whose form it is mended; none where no form has it."""

    place: str
    words: str
    section: str
    key: str


def placed(fault: Fault, spoken: Language) -> Placed:
    """Return a fault with its place in words: "처리 위탁 · carrier · 이름"."""
    found = PATH.match(fault.where)
    section, key, field = (found[1], found[2] or "", found[3] or "") if found else ("", "", "")
    if section == "version" or section not in (*LISTS, *SINGLE, "effective_on") or bool(key) != (section in LISTS):
        return Placed(fault.where, said_short(fault), "", "")
    parts = [part for part in field.split(".") if part and part not in LANGUAGES and not part.isdecimal()]
    try:
        name = field_name(".".join(parts), spoken) if parts else ""
    except KeyError:
        name = field
    place = " · ".join(filter(None, (section_name(section, spoken), key, name)))
    return Placed(place, said_short(fault), section, key)


def said(fault: Fault) -> str:
    """Return a fault with its place."""
    return f"{fault.where}: {said_short(fault)}"


def said_short(fault: Fault) -> str:
    """Return a fault for beside its field."""
    known = FAULTS.get(fault.got)
    return str(known) if known else gettext("맞지 않습니다 (%(detail)s)", detail=f"{fault.got}; {fault.expected}")


def said_of_file(fault: Fault, content: bytes) -> str:
    """Return a fault of a file, with the line that cannot be read."""
    place = LINE.match(fault.where)
    if fault.where == "the file" and fault.got == "nothing":
        return gettext("빈 파일입니다. 방침 파일(TOML)을 골라 주세요.")
    if place is None:
        return said(fault)
    if fault.got == "no UTF-8":
        return gettext(
            "%(number)s번째 줄에 UTF-8이 아닌 글자가 있습니다. 파일을 UTF-8로 저장해 주세요.", number=place[1]
        )
    lines = content.decode("utf-8-sig").splitlines()
    line = lines[int(place[1]) - 1].strip() if int(place[1]) <= len(lines) else ""
    return gettext(
        "%(number)s번째 줄을 TOML로 읽을 수 없습니다: %(line)s (%(detail)s)",
        number=place[1],
        line=line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…",
        detail=fault.got.removeprefix("no TOML: "),
    )
