"""A list takes whatever number stands in its address: one that no store could keep leads to the first page."""

from collections.abc import Callable

import pytest

from portal.rules.role import Role
from portal.views.paging import number_of
from tests.fixtures_portal import Browser

AtDesk = Callable[..., Browser]
NUMBERS = ("9" * 20, "0000001" + "9" * 30, "9" * 5000, "-1", "1.5", "x", "")


@pytest.fixture
def engine_name() -> str:
    return "sqlite"


@pytest.mark.parametrize("place", ["", "/holds", "/destructions", "/companies", "/inquiries", "/ledger", "/access"])
def test_no_number_breaks_a_list_of_the_desk(at_desk: AtDesk, place: str) -> None:
    """Too long, negative, broken: the page is there."""
    officer = at_desk(Role.OFFICER, Role.HANDLER)

    for number in NUMBERS:
        for name in ("page", "before"):
            assert officer.get(f"/desk{place}?{name}={number}").status_code == 200, (name, number[:30])


@pytest.mark.parametrize("place", ["", "/members"])
def test_no_number_breaks_a_list_of_a_company(at_desk: AtDesk, place: str) -> None:
    """The same for the company's own lists."""
    admin = at_desk(Role.COMPANY_ADMIN, name="강선우", company="가온유통(주)")

    for number in NUMBERS:
        assert admin.get(f"/org{place}?page={number}").status_code == 200, number[:30]


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("9" * 15, 10**15 - 1), ("9" * 16, None), ("", None), (None, None), ("-1", None), ("1e3", None)],
)
def test_a_number_is_one_that_can_be_kept(text: str | None, number: int | None) -> None:
    """Fifteen digits at the most, and nothing but digits."""
    assert number_of(text) == number
