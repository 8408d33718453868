"""What the gate remembers is bounded, whoever comes and however often."""

from collections.abc import Callable
from pathlib import Path

from middleware import ConsentGate
from middleware.standing.sqlite import KEPT_MEMBERS

from .gatehouse import Host, Store, ask, environ_of


def test_fifty_thousand_strangers_leave_two_generations(gate: ConsentGate, store: Store) -> None:
    """Distinct members, agents, addresses and cookies beyond count are forgotten again; who is asked for stays."""
    for number in range(50_000):
        gate.standing.of(f"stranger-{number}", 1_795_402_800_000_000)

    assert len(gate.standing._seen.members) <= 2 * KEPT_MEMBERS  # type: ignore[attr-defined]


def test_a_flood_of_blocked_requests_leaves_little(
    gates: Callable[..., ConsentGate], host: Host, store: Store, journal: Path
) -> None:
    """A flood of different agents, addresses and cookies leaves a bounded number of each behind."""
    gate = gates(host, store, journal, trusted_proxies=["10.0.0.0/8"])

    for number in range(20_000):
        environ = environ_of(
            f"/{number}",
            "GET",
            "kim" if number % 2 else f"stranger-{number}",
            REMOTE_ADDR="10.0.0.1",
            HTTP_USER_AGENT=f"agent {number}",
            HTTP_COOKIE=f"session={number}",
            HTTP_X_FORWARDED_FOR=f"192.0.{number % 256}.{number // 256}",
        )
        gate(environ, lambda status, headers: lambda data: None)

    assert len(gate._agents) <= 2 * 1024
    assert len(gate._tails) <= 2 * 4096
    assert len(gate._cookies._known) <= 2 * 4096
    assert len(gate.client._plain) <= 2 * 4096
    assert len(gate.client._forwarded) <= 2 * 4096


def test_long_headers_are_not_remembered_whole(gate: ConsentGate) -> None:
    """A header that is longer than what is recorded of it takes up no more room than that."""
    for number in range(10):
        ask(
            gate, environ_of("/orders", "GET", "kim", HTTP_USER_AGENT=f"{number}" * 8000, HTTP_COOKIE="c=" + "v" * 8000)
        )

    assert max(len(agent) for agent in gate._agents.young) <= 512
    assert len(gate._tails) == 0
    assert len(gate._cookies._known) == 0
