"""Jobs: what the portal does by itself, each in transactions of its own, so that one that fails stops no other.

A job that runs at every turn keeps no record of it; a daily one records a run for its Seoul day and is not run again
on that day. Two runners at once do no harm: letters are leased, a notice is kept once, a second sweep finds nothing.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Flask

from portal.clock import SEOUL, Clock, seoul_day
from portal.database import writing
from portal.records import proofs, rates, requests, runs, sessions
from portal.records.runs import Run
from portal.rules import deadline
from portal.rules.deadline import Notice
from portal.rules.deed import Deed
from portal.rules.role import Role
from portal.services import (
    accounts,
    announcing,
    asking_company,
    auditing,
    contacting,
    delivering,
    destroying,
    entering,
    leaving,
    listing,
    mailing,
    recalling,
    reminding,
    requesting,
    sweeping,
)
from portal.services.auditing import SYSTEM
from portal.services.draining import Drainer, kind_of

log = logging.getLogger(__name__)

NIGHT = time(3, 0)  # in Seoul, when few are at work
INTERVAL_S = 5.0
PAGE = 200
FORGOTTEN_AFTER = timedelta(days=7)  # proofs, sessions and counts that have ended
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """One kind of work: `run` does it and tells what it did; a daily one runs once a Seoul day, from `NIGHT` on."""

    name: str
    words: str
    run: Callable[[Flask, datetime, Tell], dict[str, Any]]
    daily: bool = False


@dataclass(frozen=True)
class Ran:
    """How one job went; `fault` names its failure by kind, without a text that may hold a name."""

    job: str
    outcome: dict[str, Any]
    fault: str = ""


def announce_versions(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Write to members about versions that were released or withdrawn, chunk by chunk."""
    told = 0
    with app.app_context():
        while done := announcing.tell_some(at):
            told += done
            tell(f"announcements: {told} members looked at")
        recalled = 0
        while done := recalling.tell_some(at):
            recalled += done
            tell(f"announcements: {recalled} members of a withdrawn version looked at")
    return {"members": told, "recalled": recalled}


def deliver_letters(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Hand over the letters whose turn has come."""
    done = delivering.deliver(app, tell=tell)
    return {"sent": done.sent, "put_off": done.put_off, "dead": done.dead}


def remind_of_deadlines(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Tell handlers that a request is due in three days or tomorrow, and the officer as well when one is overdue."""
    told = 0
    today = seoul_day(at)
    with app.app_context():
        offset = 0
        while True:
            found, total = requests.open_page(limit=PAGE, offset=offset, due_before=today + timedelta(days=4))
            numbers = [request.number for request in found]
            told += sum(_remind(number, today, at) for number in numbers)
            offset += PAGE
            if offset >= total:
                break
    if told:
        tell(f"{told} reminders written")
    return {"told": told}


def forget_what_ended(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Drop proofs, sessions and counts that can no longer be used."""
    before = at - FORGOTTEN_AFTER
    with app.app_context():
        unconfirmed = contacting.forget_unconfirmed(at)
    with app.app_context(), writing():
        return {
            "drafts": unconfirmed,
            "proofs": proofs.forget_before(before),
            "sessions": sessions.forget_before(before),
            "rates": rates.forget_before(at - timedelta(days=1)),
        }


def sweep_what_has_ended(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Destroy what the policy keeps no longer: Article 5, rule by rule, and papers after their use."""
    return dict(sweeping.totals(sweeping.sweep(app, tell=tell)))


def carry_out_destructions(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Do every step of a destruction whose turn it is."""
    passed = destroying.destroy_due(app, tell)
    return {"steps": passed.done, "put_off": passed.put_off, "attention": passed.attention}


def write_entry_links(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Write links to members who asked to come in through their mailbox."""
    with app.app_context():
        return {"written": entering.write_links(at)}


def carry_on_leaving(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Tell who was reported as having left, and order what was approved once their days to object are over."""
    return dict(leaving.tell_and_order(app, at, tell))


def judge_lists(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Judge long lists of leavers that wait, and end those that were not sent in time."""
    return dict(listing.carry_on(app, at, tell))


def remind_of_supervision(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Tell the officers of processors that are to be checked within the month, once for each day that is due."""
    with app.app_context():
        told = reminding.remind(at)
    if told:
        tell(f"{told} processors are to be checked")
    return {"told": told}


def ask_companies(app: Flask, at: datetime, tell: Tell) -> dict[str, Any]:
    """Ask former companies about people who say that they have left, remind them, and hand over to the staff."""
    with app.app_context():
        return {"written": asking_company.write_letters(at)}


JOBS: list[Job] = [
    Job("entry links", "write to members who asked to come in by mail", write_entry_links),
    Job("lists", "judge long lists of leavers, end those not sent in time", judge_lists),
    Job("leaving", "tell who was reported as having left, order their destruction", carry_on_leaving),
    Job("announcements", "tell members of a new version of the policy", announce_versions),
    Job("companies", "ask former companies about people who say they have left", ask_companies),
    Job("letters", "hand over letters", deliver_letters),
    Job("destruction", "carry out destructions that were ordered", carry_out_destructions),
    Job("reminders", "remind staff of due days", remind_of_deadlines),
    Job(sweeping.KIND, "destroy what the policy keeps no longer", sweep_what_has_ended, daily=True),
    Job("supervision", "remind officers of processors to be checked", remind_of_supervision, daily=True),
    Job("forget", "drop links, sessions and counts that have ended", forget_what_ended, daily=True),
]


def run_due(app: Flask, tell: Tell = lambda line: None, *, only: str | None = None) -> list[Ran]:
    """Run every job whose turn it is, or `only` that one whether it is or not."""
    clock: Clock = app.extensions["portal.clock"]
    return [_run(app, job, clock(), tell) for job in JOBS if (job.name == only if only else _is_due(app, job, clock()))]


def start_jobs(app: Flask) -> Drainer:
    """Start the thread that runs the jobs in this process, and return it; a second call returns the same one."""
    if "portal.jobs" not in app.extensions:
        app.extensions["portal.jobs"] = Drainer(
            lambda: run_due(app),
            INTERVAL_S,
            name="jobs",
            failing="the jobs of the portal do not run (%s)",
            works="the jobs of the portal run again",
        )
    jobs: Drainer = app.extensions["portal.jobs"]
    jobs.start()
    return jobs


def _run(app: Flask, job: Job, at: datetime, tell: Tell) -> Ran:
    try:
        outcome = job.run(app, at, tell)
    except Exception as error:
        log.error("job %s failed (%s)", job.name, kind_of(error))
        return Ran(job.name, {}, kind_of(error))
    if job.daily and job.name != sweeping.KIND:  # a sweep records its own run
        clock: Clock = app.extensions["portal.clock"]
        with app.app_context(), writing():
            runs.add(
                Run(
                    kind=job.name,
                    as_of=seoul_day(at),
                    started_at=at,
                    finished_at=clock(),
                    outcome=json.dumps(outcome, separators=(",", ":")),
                )
            )
    return Ran(job.name, outcome)


def _is_due(app: Flask, job: Job, at: datetime) -> bool:
    if not job.daily:
        return True
    local = at.astimezone(SEOUL)
    if local.time() < NIGHT:
        return False
    with app.app_context():
        last = runs.newest_first(job.name, 1)
        return not last or last[0].as_of < local.date()


def _remind(number: str, today: date, at: datetime) -> int:
    """Write the one reminder that is due for a request, unless it was written; tell whether it was."""
    with writing():
        request = requests.held(number)
        if request is None or request.ended_at is not None:
            return 0
        kept = requests.notices_of(request.id)
        sent = {one for one in Notice if one.value in kept}
        notice = deadline.notice_to_send(request.due_day, today, sent)
        if notice is None:
            return 0
        requests.keep_notice(request.id, notice.value, at)
        readers = accounts.addresses_of(Role.HANDLER)
        if notice is Notice.OVERDUE:
            readers = [*readers, *accounts.addresses_of(Role.OFFICER)]
        for account_ref, address, language in {reader[0]: reader for reader in readers}.values():
            values = {
                "number": request.number,
                "kind": requesting.KIND_WORDS[deadline.Kind(request.kind)].in_language(language),
                "badge": deadline.badge(request.due_day, today).label,
                "due": f"{request.due_day:%Y-%m-%d}",
                "link": mailing.link(f"/desk/requests/{request.number}"),
            }
            mailing.post(
                "deadline", address, values, key_ref=account_ref, language=language, at=at, about=request.number
            )
        auditing.note(Deed.NOTICE_SENT, SYSTEM, at, about=request.number, reason=notice.value)
    return 1
