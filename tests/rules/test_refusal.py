import pytest

from portal.rules.deadline import Kind
from portal.rules.refusal import ground, grounds

CODES = {
    Kind.ACCESS: ["LAW", "HARM_TO_OTHERS", "IDENTITY_NOT_PROVEN"],
    Kind.CORRECTION: ["NAMED_BY_LAW", "IDENTITY_NOT_PROVEN"],
    Kind.DELETION: ["NAMED_BY_LAW", "KEPT_APART", "IDENTITY_NOT_PROVEN"],
    Kind.SUSPENSION: ["LAW", "HARM_TO_OTHERS", "CONTRACT", "IDENTITY_NOT_PROVEN"],
    Kind.WITHDRAWAL: ["LAW", "HARM_TO_OTHERS", "CONTRACT", "KEPT_APART", "IDENTITY_NOT_PROVEN"],
    Kind.LEAVER: ["NOT_A_LEAVER", "MEMBER_OBJECTED", "KEPT_APART", "IDENTITY_NOT_PROVEN"],
    Kind.COMPLAINT: ["NOT_OURS"],
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_knows_its_own_grounds(kind: Kind) -> None:
    """A handler chooses from the grounds that the law gives for this kind, each with its source."""
    assert [one.code for one in grounds(kind)] == CODES[kind]
    assert all(one.source for one in grounds(kind))


SOURCES = {
    "access, law": (Kind.ACCESS, "LAW", "PIPA art. 35(4)1"),
    "access, harm": (Kind.ACCESS, "HARM_TO_OTHERS", "PIPA art. 35(4)2"),
    "deletion": (Kind.DELETION, "NAMED_BY_LAW", "PIPA art. 36(1)"),
    "suspension, law": (Kind.SUSPENSION, "LAW", "PIPA art. 37(2)1"),
    "suspension, harm": (Kind.SUSPENSION, "HARM_TO_OTHERS", "PIPA art. 37(2)2"),
    "suspension, contract": (Kind.SUSPENSION, "CONTRACT", "PIPA art. 37(2)4"),
    "identity": (Kind.DELETION, "IDENTITY_NOT_PROVEN", "PIPA Decree art. 46"),
}


@pytest.mark.parametrize(("kind", "code", "source"), SOURCES.values(), ids=SOURCES.keys())
def test_a_ground_stands_in_the_law(kind: Kind, code: str, source: str) -> None:
    """Each ground names the paragraph that it stands in."""
    found = ground(kind, code)

    assert found is not None
    assert found.source == source


def test_another_kinds_ground_is_none() -> None:
    """That a contract needs the data is no ground against deletion."""
    assert ground(Kind.DELETION, "CONTRACT") is None
