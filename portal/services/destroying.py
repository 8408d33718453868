"""Destroying: the worker that carries out what was ordered, for many people at a time, each step until it is proved.

1. Tasks of one kind whose turn it is are leased, in a transaction of their own.
2. The step is done. What can be undone by nobody comes after what must stand first: ledger line and tombstone, then
   copies apart, then the host's tables, the portal's own holdings, the person's key, the look into the files, the
   certificate.
3. What each step brought is judged by `portal.rules.destruction`, and kept where the lease is still ours.

Killed at any line it goes on where it was: every step may be done twice, and a step that was done is never undone.
Work inside the main store is committed together with the task that it was; everywhere else a second attempt finds
what the first one left.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from portal.clock import Clock, seoul_day
from portal.database import db, writing
from portal.holdings import destroy_many, verify_many
from portal.records import destructions, leavers, mails, members, scanning
from portal.rules.deed import Deed
from portal.rules.destruction import Kind, Outcome
from portal.rules.destruction_fault import Fault
from portal.services import accounts, auditing, destroying_elsewhere, fulfilling, issuing, leased, ordering, publishing
from portal.services.auditing import SYSTEM
from portal.services.changing import changing_standing
from portal.services.destroying_elsewhere import holding_of
from portal.services.issuing import line_of
from portal.services.leased import LEASE, PROVED, Passed, Work, facts_of
from portal.vault import certificates, ledger, person_keys
from portal.vault.blind_index import BlindIndex
from portal.vault.ledger import Gone
from portal.vault.separated import Kept, NotVerified, SeparatedStore

AT_ONCE = 200


def destroy_due(app: Flask, tell: Callable[[str], None] = lambda line: None, *, limit: int = AT_ONCE) -> Passed:
    """Do every step whose turn it is, until none is left."""
    clock: Clock = app.extensions["portal.clock"]
    total = Passed()
    with app.app_context():
        while True:
            at = clock()
            # 1.
            works = leased.lease(at, limit)
            if not works:
                fulfilling.end_reports(at)
                return total
            kind = works[0].facts.kind
            # 2. and 3.
            done = STEPS[kind](works, at)
            total = Passed(total.done + done.done, total.put_off + done.put_off, total.attention + done.attention)
            tell(f"{kind.value} {works[0].facts.target}: {len(works)} people, {done.done} done".replace("  ", " "))


def _begin_ledger(works: Sequence[Work], at: datetime) -> Passed:
    """Write the ledger's first line and the tombstone, in the keys store; then note here that they are there."""
    index = BlindIndex(current_app.extensions["portal.secrets"].index_key)
    pairs = [
        (
            line_of(work),
            Gone(
                member_ref=work.destruction.member_ref,
                host_index=index.of("host_id", work.subject.host_id),
                member_since=work.destruction.member_since,
                destruction_ref=work.ref,
            ),
        )
        for work in works
    ]
    keys = db.engines["keys"]
    ledger.begin(keys, pairs, at)
    seq = ledger.last_seq(keys)
    with writing():
        destructions.raise_mark(seq)
        return leased.keep(works, dict.fromkeys((work.task_id for work in works), PROVED), at)


def _separate(works: Sequence[Work], at: datetime) -> Passed:
    """Copy what must be kept into the separate store and read it back; until then nothing else happens. Of who comes
    back with a restore it was copied the first time, and cannot be read any more."""
    store = SeparatedStore(db.engines["separated"], person_keys.opened())
    records = {work.task_id: [] if work.again else _to_keep(work, at) for work in works}
    try:
        store.keep([record for some in records.values() for record in some], at)
        outcomes = dict.fromkeys(records, PROVED)
    except NotVerified:  # which of them it was is asked one by one
        outcomes = {task_id: _kept(store, some, at) for task_id, some in records.items()}
    with writing():
        return leased.keep(works, outcomes, at)


def _kept(store: SeparatedStore, records: Sequence[Kept], at: datetime) -> Outcome:
    try:
        store.keep(records, at)
    except NotVerified:
        return Outcome(fault=Fault.COPY_DIFFERS)
    return PROVED


def _destroy_holding(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy one of the portal's own holdings and ask it again, all in the transaction that says so."""
    holding = holding_of(works[0].facts.target)
    with changing_standing():
        mine = leased.ours(works)
        people = [work.subject for work in mine]
        if holding is None:
            outcomes = dict.fromkeys((work.task_id for work in mine), Outcome(fault=Fault.NO_COLLECTOR))
        else:
            removed = destroy_many(holding, people, at)
            left = verify_many(holding, people)
            outcomes = {
                work.task_id: Outcome(gone, still) for work, gone, still in zip(mine, removed, left, strict=True)
            }
        return leased.keep(works, outcomes, at)


def _shred_key(works: Sequence[Work], at: datetime) -> Passed:
    """Destroy the person's key: what was sealed under it is gone in every file, log and backup. Who administered the
    company had an account beside, which goes with its own key."""
    keys = person_keys.opened()
    admins = {work.task_id: ref for work in works if (ref := work.known.get("account"))}
    refs = [*(work.destruction.member_ref for work in works), *admins.values()]
    keys.destroy_many(refs, at)
    left = keys.seals_of(refs)
    outcomes = {
        work.task_id: Outcome(
            found_after=sum(ref in left for ref in (work.destruction.member_ref, admins.get(work.task_id))),
            cut_short=work.cut_short,
        )
        for work in works
    }
    with writing():
        accounts.forget_held(admins.values(), at)
        return leased.keep(works, outcomes, at)


def _scan(works: Sequence[Work], at: datetime) -> Passed:
    """Take away letters that lie as files, bring every store's deletions out of its log, then look for the people in
    every file, all at once."""
    _take_letters_away([work.destruction.member_ref for work in works])
    db.session.remove()  # a read of our own would keep the log from being cut
    engines = [db.engines[bind] for bind in (None, "keys", "separated")]
    marks = {work.task_id: work.known.get("marks", []) for work in works}
    try:
        scanning.settle(engines)
        settings = current_app.extensions["portal.settings"]
        found = scanning.found_in_files(settings, engines, [mark for some in marks.values() for mark in some])
        others = scanning.around(found, members.host_ids()) if found else []
        if others:
            db.session.remove()
            found = scanning.found_in_files(settings, engines, sorted(found), others)
    except scanning.StoreBusy:
        outcomes = {work.task_id: Outcome(fault=Fault.BUSY) for work in works}
    else:
        outcomes = {
            task_id: Outcome(fault=Fault.BYTES_FOUND) if found.intersection(some) else PROVED
            for task_id, some in marks.items()
        }
    with writing():
        return leased.keep(works, outcomes, at)


def _take_letters_away(member_refs: Sequence[str]) -> None:
    """Remove these members' letters where no mail server takes them and they were laid as files; the scan proves it."""
    folder = current_app.extensions["portal.settings"].letters_dir
    if folder.is_dir():
        for ref in mails.refs_under(member_refs):
            (folder / f"{ref}.eml").unlink(missing_ok=True)


def _end(works: Sequence[Work], at: datetime) -> Passed:
    """Fulfil the request and tell whoever asked, then end for good what the tasks had to know.

    1. Request, letter and audit in one transaction, which wipes what was sealed: who is killed after it tells nobody
       twice, for what is wiped has been told.
    2. The key it was sealed under, so that no copy of the store opens it.
    3. Only then the task is done: a key that a killed worker left is destroyed by the next one.
    """
    codes = certificates.codes_of(db.engines["keys"], [work.ref for work in works])
    # 1.
    with writing():
        ours = leased.ours(works)
        untold = [work for work in ours if work.destruction.sealed is not None]
        for work in untold:
            fulfilling.end(work.destruction, work.known, codes.get(work.ref, ""), at)
        told = defaultdict(list)
        for work in untold:
            told[work.destruction.request_number or work.ref].append(work.destruction.member_ref)
        for about, refs in told.items():
            auditing.note_each(Deed.DESTRUCTION_PROVED, SYSTEM, at, refs, about=about)
        leavers.end_everywhere([work.destruction.member_ref for work in untold], "RIGHT", at)
        destructions.wipe([work.destruction.id for work in untold])
    # 2.
    person_keys.opened().destroy_many([work.ref for work in ours], at)
    # 3.
    with writing():
        destructions.finish([work.destruction.id for work in ours])
        return leased.keep(ours, dict.fromkeys((work.task_id for work in ours), PROVED), at)


STEPS: Mapping[Kind, Callable[[Sequence[Work], datetime], Passed]] = {
    Kind.LEDGER: _begin_ledger,
    Kind.SEPARATE: _separate,
    Kind.HOST: destroying_elsewhere.destroy_at_host,
    Kind.WEBHOOK: destroying_elsewhere.call_system,
    Kind.HOLDING: _destroy_holding,
    Kind.KEY: _shred_key,
    Kind.SCAN: _scan,
    Kind.EVIDENCE: destroying_elsewhere.await_evidence,
    Kind.CERTIFICATE: issuing.certify,
    Kind.END: _end,
}


def _to_keep(work: Work, at: datetime) -> list[Kept]:
    """Return what is kept of a person under one rule, each record with its own day."""
    destruction, rule = work.destruction, work.facts.target
    policy = publishing.in_force(at).policy
    day = destruction.event_day

    def kept(source: str, content: dict[str, Any], own: Mapping[Any, Any] | None = None) -> Kept:
        until = ordering.until_of(policy, rule, destruction.reason, day, own)  # type: ignore[arg-type]
        began = next(iter((own or {}).values()), day)
        return Kept(ordering.new_ref(), destruction.member_ref, rule, source, began, until, content)

    if rule == "fraud":
        return [kept("member", work.known["fraud"])]
    if rule == "identity_check":
        return [
            kept(
                f"step:{event.id}",
                {"at": event.at.isoformat(), "by": event.actor_kind},
                {"COLLECTED": seoul_day(event.at)},
            )
            for event in ordering.identity_checks_of(destruction.member_ref)
        ]
    return [
        kept(
            f"request:{request.number}", fulfilling.dispute_of(request), {"SETTLED": seoul_day(request.ended_at or at)}
        )
        for request in ordering.disputes_of(destruction.member_ref)
    ]


__all__ = ["LEASE", "Passed", "Work", "destroy_due", "facts_of"]
