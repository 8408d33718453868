"""Sample cost figures: invented, the same at every start, in won before tax."""

from __future__ import annotations

from typing import NamedTuple

MONTHS = ("2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11")
TALLEST_BAR = 160


class Service(NamedTuple):
    """One cloud service: its name, who provides it, and its cost per month, oldest first."""

    name: str
    provider: str
    costs: tuple[int, ...]

    @property
    def console(self) -> str:
        """The address of the provider's own page of costs."""
        return CONSOLES[self.provider]

    @property
    def latest(self) -> int:
        return self.costs[-1]

    @property
    def change_percent(self) -> float:
        """The change against the month before, in percent."""
        return round((self.costs[-1] - self.costs[-2]) * 100 / self.costs[-2], 1)


class Bar(NamedTuple):
    """One month in the chart: its total in won and its height, of TALLEST_BAR at most."""

    month: str
    total: int
    height: int


CONSOLES = {  # where each provider shows the same costs; sample addresses
    "AWS": "https://console.aws.example/costs",
    "GCP": "https://console.gcp.example/billing",
    "NCP": "https://console.ncp.example/bill",
}
_PATTERN = (
    ("컴퓨팅 인스턴스", "AWS", (4_120_000, 4_310_000, 4_980_000, 4_640_000, 4_390_000, 4_275_000)),
    ("관리형 데이터베이스", "AWS", (2_240_000, 2_240_000, 2_310_000, 2_390_000, 2_390_000, 2_460_000)),
    ("객체 스토리지", "AWS", (690_000, 712_000, 738_000, 765_000, 801_000, 829_000)),
    ("GPU 학습", "GCP", (1_150_000, 1_820_000, 2_940_000, 1_260_000, 980_000, 1_310_000)),
    ("데이터 웨어하우스", "GCP", (1_480_000, 1_390_000, 1_460_000, 1_510_000, 1_620_000, 1_585_000)),
    ("네트워크 전송", "NCP", (410_000, 430_000, 520_000, 470_000, 455_000, 448_000)),
)
_SHARE = {"가온유통(주)": 100, "누리제약(주)": 64, "도담커머스": 37}  # percent of the pattern


def services(company: str) -> list[Service]:
    """Return the services of a company, the dearest of the latest month first."""
    share = _SHARE.get(company, 25)
    found = [Service(name, cloud, tuple(cost * share // 100 for cost in costs)) for name, cloud, costs in _PATTERN]
    return sorted(found, key=lambda service: service.latest, reverse=True)


def bars(company: str) -> list[Bar]:
    """Return one bar per month, oldest first."""
    totals = [sum(month) for month in zip(*(service.costs for service in services(company)), strict=True)]
    tallest = max(totals)
    return [Bar(month, total, total * TALLEST_BAR // tallest) for month, total in zip(MONTHS, totals, strict=True)]
