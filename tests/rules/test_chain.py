import hashlib
import hmac
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.rules.chain import (
    BEGINNING,
    GENESIS,
    Broken,
    Head,
    Intact,
    Row,
    Why,
    canonical,
    commitment,
    link,
    opens,
    predecessor,
    segment_start,
    verify,
)

KEY = bytes(range(32))
SALT = bytes(16)
MONTHS = ("2026-10", "2026-10", "2026-10", "2026-11", "2026-11", "2026-12")
NUMBERS = (1, 2, 5, 6, 7, 10)  # gaps, as a database leaves them after a rollback


def a_chain(key: bytes = KEY, start: Head = BEGINNING, months: tuple[str, ...] = MONTHS) -> list[Row]:
    rows, head = [], start
    for place, month in enumerate(months):
        seq = start.seq + NUMBERS[place]
        previous = predecessor(key, head, month)
        fields = canonical({"seq": seq, "who": "s-1", "action": "reveal", "value": commitment(SALT, "김민지").hex()})
        row = Row(seq, month, previous, fields, link(key, previous, fields))
        head = Head(seq, month, row.mac, head.count + 1)
        rows.append(row)
    return rows


def head_of(rows: list[Row]) -> Head:
    verdict = verify(rows, KEY)
    assert isinstance(verdict, Intact)
    return verdict.head


def changed(rows: list[Row], place: int, **fields: object) -> list[Row]:
    return [*rows[:place], msgspec.structs.replace(rows[place], **fields), *rows[place + 1 :]]


def relinked(rows: list[Row], place: int) -> list[Row]:
    """What a forger without the key can do: another row with a hash of its own making."""
    fields = canonical({"seq": rows[place].seq, "who": "nobody"})
    mac = hashlib.sha256(rows[place].previous + fields).digest()
    return changed(rows, place, fields=fields, mac=mac)


def test_a_link_is_an_hmac_over_the_row_and_the_one_before() -> None:
    """Anyone with the key can check a row by hand: HMAC-SHA256 over a name, the former MAC with its length, the row."""
    by_hand = hmac.new(KEY, b"row\0" + b"\0\0\0\x20" + GENESIS + b'{"a":1}', hashlib.sha256).digest()

    assert link(KEY, GENESIS, b'{"a":1}') == by_hand


def test_a_segments_first_row_follows_the_former_segments_head() -> None:
    """The first row of a month stands on the former month's head and on the month's own name."""
    rows = a_chain()

    assert rows[3].previous == segment_start(KEY, "2026-11", rows[2].mac)
    assert rows[4].previous == rows[3].mac


def test_fields_have_one_byte_form() -> None:
    """The order in which fields are named changes nothing, and Korean stays as it is."""
    assert canonical({"b": "김", "a": 1, "c": None, "d": True}) == '{"a":1,"b":"김","c":null,"d":true}'.encode()


def test_a_fraction_has_no_one_form() -> None:
    """What two machines may write differently is refused."""
    with pytest.raises(TypeError, match="share"):
        canonical({"share": 0.1})  # type: ignore[dict-item]


def test_a_whole_chain_is_intact() -> None:
    """Over months and gaps of numbers, a chain that nobody touched verifies and names its head."""
    rows = a_chain()

    assert verify(rows, KEY) == Intact(6, Head(10, "2026-12", rows[-1].mac, 6))


def test_an_empty_chain_is_intact() -> None:
    """Before the first row there is nothing to break."""
    assert verify([], KEY) == Intact(0, BEGINNING)


TAMPERING: dict[str, tuple[Callable[[list[Row]], list[Row]], Broken]] = {
    "first row edited": (lambda rows: changed(rows, 0, fields=b"{}"), Broken(1, Why.EDITED)),
    "row edited": (lambda rows: changed(rows, 2, fields=b"{}"), Broken(5, Why.EDITED)),
    "last row edited": (lambda rows: changed(rows, 5, fields=b"{}"), Broken(10, Why.EDITED)),
    "MAC edited": (lambda rows: changed(rows, 1, mac=bytes(32)), Broken(2, Why.EDITED)),
    "MAC cut short": (lambda rows: changed(rows, 1, mac=b""), Broken(2, Why.EDITED)),
    "predecessor edited": (lambda rows: changed(rows, 1, previous=bytes(32)), Broken(2, Why.EDITED)),
    "forged without the key": (lambda rows: relinked(rows, 1), Broken(2, Why.EDITED)),
    "moved to another month": (lambda rows: changed(rows, 2, segment="2026-11"), Broken(5, Why.EDITED)),
    "month's start renamed": (lambda rows: changed(rows, 3, segment="2026-09"), Broken(6, Why.MISSING)),
    "first row removed": (lambda rows: rows[1:], Broken(2, Why.MISSING)),
    "row removed": (lambda rows: rows[:1] + rows[2:], Broken(5, Why.MISSING)),
    "month's first row removed": (lambda rows: rows[:3] + rows[4:], Broken(7, Why.MISSING)),
    "month removed": (lambda rows: rows[:3] + rows[5:], Broken(10, Why.MISSING)),
    "first month removed": (lambda rows: rows[3:], Broken(6, Why.MISSING)),
    "row doubled": (lambda rows: [*rows[:2], *rows[1:]], Broken(2, Why.OUT_OF_ORDER)),
    "rows swapped": (lambda rows: [rows[1], rows[0], *rows[2:]], Broken(2, Why.MISSING)),
    "row copied to a new number": (
        lambda rows: [*rows[:2], msgspec.structs.replace(rows[1], seq=3), *rows[2:]],
        Broken(3, Why.MISSING),
    ),
}


@pytest.mark.parametrize(("tamper", "verdict"), TAMPERING.values(), ids=TAMPERING.keys())
def test_the_first_bad_row_is_named(tamper: Callable[[list[Row]], list[Row]], verdict: Broken) -> None:
    """An edited row is named itself; a removed one shows at the row that stood behind it."""
    assert verify(tamper(a_chain()), KEY) == verdict


def test_a_cut_tail_is_found_by_the_exported_head() -> None:
    """Rows taken from the end leave a valid chain, and only the head kept elsewhere tells."""
    rows = a_chain()

    assert isinstance(verify(rows[:-2], KEY), Intact)
    assert verify(rows[:-2], KEY, expected=head_of(rows)) == Broken(10, Why.CUT)
    assert verify([], KEY, expected=head_of(rows)) == Broken(10, Why.CUT)


def test_rows_after_the_exported_head_are_welcome() -> None:
    """A head of yesterday is met on the way, and today's rows stand behind it."""
    rows = a_chain()
    yesterday = head_of(rows[:4])

    assert verify(rows, KEY, expected=yesterday) == Intact(6, head_of(rows))


def test_another_chain_under_the_same_key_does_not_meet_the_head() -> None:
    """A tail cut off and written anew, even with the key, is not what was exported."""
    rows = a_chain()
    anew = a_chain(start=head_of(rows[:5]), months=("2026-12",))
    other = [*rows[:5], *anew]

    assert isinstance(verify(other, KEY), Intact)
    assert verify(other, KEY, expected=head_of(rows)) == Broken(8, Why.REPLACED)


def test_old_segments_go_and_the_anchor_proves_the_rest() -> None:
    """With the first month gone, the chain verifies from that month's kept head, and from no other."""
    rows = a_chain()
    anchor = head_of(rows[:3])

    assert verify(rows[3:], KEY, expected=head_of(rows), start=anchor) == Intact(3, head_of(rows))
    wrong = msgspec.structs.replace(anchor, mac=bytes(32))
    assert verify(rows[3:], KEY, start=wrong) == Broken(6, Why.MISSING)
    with pytest.raises(ValueError, match="before the anchor"):
        verify(rows[3:], KEY, expected=head_of(rows[:2]), start=anchor)


def test_an_exported_head_that_is_the_anchor_is_met() -> None:
    """Nothing has been written since the old months went, and that is no cut."""
    anchor = head_of(a_chain()[:3])

    assert verify([], KEY, expected=anchor, start=anchor) == Intact(0, anchor)


def test_another_key_verifies_nothing() -> None:
    """Under a wrong key the very first row does not fit."""
    assert verify(a_chain(), bytes(32)) == Broken(1, Why.EDITED)


def test_a_short_key_or_salt_is_refused() -> None:
    """A key of 16 bytes or a salt of 8 protects nothing for long."""
    with pytest.raises(ValueError, match="key: got 16 bytes"):
        link(bytes(16), GENESIS, b"{}")
    with pytest.raises(ValueError, match="salt: got 8 bytes"):
        commitment(bytes(8), "김민지")


def test_a_commitment_is_a_salted_sha256() -> None:
    """The text is checked with its salt, and with no other."""
    committed = commitment(SALT, "김민지")

    assert committed == hashlib.sha256(b"commitment\0\0\0\0\x10" + bytes(16) + "김민지".encode()).digest()
    assert opens(committed, SALT, "김민지")
    assert not opens(committed, SALT, "김민수")
    assert not opens(committed, bytes(15) + b"\1", "김민지")


def test_a_destroyed_salt_leaves_the_chain_valid() -> None:
    """The chain holds the commitment alone: no salt is needed to verify it, and no name stands in it."""
    rows = a_chain()

    assert isinstance(verify(rows, KEY, expected=head_of(rows)), Intact)
    assert all("김민지".encode() not in row.fields for row in rows)


@settings(deadline=None)
@given(st.integers(0, 5), st.integers(0, 200), st.integers(1, 255))
def test_any_changed_byte_is_found_at_its_row(place: int, where: int, by: int) -> None:
    """Wherever one byte of one row's fields changes, that row is named."""
    rows = a_chain()
    fields = bytearray(rows[place].fields)
    fields[where % len(fields)] ^= by

    assert verify(changed(rows, place, fields=bytes(fields)), KEY) == Broken(rows[place].seq, Why.EDITED)


@settings(deadline=None)
@given(st.integers(0, 5))
def test_any_missing_row_is_found_with_the_head(place: int) -> None:
    """Whichever row is taken away, the chain with its exported head does not verify."""
    rows = a_chain()
    head = head_of(rows)

    assert isinstance(verify(rows[:place] + rows[place + 1 :], KEY, expected=head), Broken)
