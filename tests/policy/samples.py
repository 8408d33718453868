"""Policies for tests: the shipped one, a changed one, and the shipped files in a folder of their own to spoil."""

import shutil
from pathlib import Path
from typing import Any

import msgspec

from portal.policy.faults import PolicyFaults
from portal.policy.loading import load, shipped
from portal.policy.model import Policy

POLICY = load(shipped()[0])


def changed(policy: Policy, section: str, key: str, **fields: Any) -> Policy:
    """Return the policy with some fields of one keyed fact replaced."""
    facts = getattr(policy, section)
    replaced = tuple(msgspec.structs.replace(fact, **fields) if fact.key == key else fact for fact in facts)
    return msgspec.structs.replace(policy, **{section: replaced})


def a_copy(folder: Path) -> Path:
    """Return the path of a copy of the shipped policy's files."""
    source = shipped()[0]
    shutil.copytree(source.with_suffix(""), folder / source.stem)
    return Path(shutil.copy(source, folder / source.name))


def spoilt(folder: Path, *replacements: tuple[str, str]) -> list[str]:
    """Return the faults of a copy in which each first text was replaced by the second, at its first place only."""
    path = a_copy(folder)
    text = path.read_text(encoding="utf-8")
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return faults_of(path)


def faults_of(path: Path) -> list[str]:
    try:
        load(path)
    except PolicyFaults as error:
        return error.faults
    return []
