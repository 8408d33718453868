"""Destroying elsewhere: in the host's tables, at connected systems that are called, and where a person must see to it.

None of these is our store: what was done there is done, whatever is written down here, so a second attempt finds what
the first one left. A system that keeps us waiting is not asked for everybody else in the same pass.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import cast

from portal.database import writing
from portal.holdings import Holding, ManyAtOnce, Unreachable, holdings
from portal.holdings.webhook import CallFault, Line
from portal.rules.destruction import Outcome
from portal.rules.destruction_fault import Fault
from portal.services import connected, leased
from portal.services.leased import LEASE, Passed, Work

LONGEST_S = LEASE.total_seconds() / 2  # of a pass of calls, so that its leases hold
WAITED_FOR = frozenset({Fault.TIMED_OUT, Fault.UNREACHABLE})


def destroy_at_host(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy in one of the host's tables and ask it again; it commits by itself, so a lost count is possible."""
    holding = holding_of(works[0].facts.target)
    outcomes = {}
    if holding is None:
        outcomes = dict.fromkeys((work.task_id for work in works), Outcome(fault=Fault.NO_COLLECTOR))
    elif hasattr(holding, "destroy_many"):
        outcomes = _destroyed_together(cast(ManyAtOnce, holding), works, at)
    else:
        for work in works:
            try:
                removed = holding.destroy(work.subject, at)
                outcomes[work.task_id] = Outcome(removed, holding.verify(work.subject), cut_short=work.cut_short)
            except Unreachable:
                outcomes[work.task_id] = Outcome(fault=Fault.UNREACHABLE)
    with writing():
        return leased.keep(works, outcomes, at)


def _destroyed_together(holding: ManyAtOnce, works: Sequence[Work], at: datetime) -> dict[int, Outcome]:
    people = [work.subject for work in works]
    try:
        removed, left = holding.destroy_many(people, at), holding.count_many(people)
    except Unreachable:
        return dict.fromkeys((work.task_id for work in works), Outcome(fault=Fault.UNREACHABLE))
    return {
        work.task_id: Outcome(gone, still, cut_short=work.cut_short)
        for work, gone, still in zip(works, removed, left, strict=True)
    }


def holding_of(key: str) -> Holding | None:
    """Return the holding of this key, if this installation has one."""
    return next((holding for holding in holdings() if holding.key == key), None)


def call_system(works: Sequence[Work], at: datetime) -> Passed:
    """Have a connected system destroy and ask it again, one person after the other."""
    system = connected.system_of(works[0].facts.target)
    outcomes: dict[int, Outcome] = {}
    if system is None or system.kind != "webhook" or not system.enabled:
        gone = system is None or system.kind != "webhook"
        fault = Outcome(fault=Fault.NO_COLLECTOR if gone else Fault.DISABLED)
        outcomes = {work.task_id: fault for work in works}
    else:
        until = time.monotonic() + LONGEST_S
        with closing(Line(system)) as line:
            for work in works:
                outcome = outcomes[work.task_id] = _told(line, work, at)
                if outcome.fault in WAITED_FOR or time.monotonic() > until:
                    break  # the rest is given back untried
    with writing():
        return leased.keep(works, outcomes, at)


def await_evidence(works: Sequence[Work], at: datetime) -> Passed:
    """The days in which somebody was to bring evidence are over: whoever looks after destructions is called."""
    with writing():
        return leased.keep(works, dict.fromkeys((work.task_id for work in works), Outcome(fault=Fault.NO_EVIDENCE)), at)


def _told(line: Line, work: Work, at: datetime) -> Outcome:
    try:
        found, removed = line.destroy(work.ref, work.subject, at)
        left = line.left(work.ref, work.subject, at)
    except CallFault as fault:
        return Outcome(fault=Fault(fault.word))
    if not left and removed < found:
        return Outcome(removed, 0, Fault.FEWER)
    return Outcome(removed, left, cut_short=work.cut_short)
