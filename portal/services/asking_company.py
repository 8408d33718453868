"""Asking the company: somebody who has left says so themselves, and their former company is asked, for five days.

The company's path is an extra one (PIPA art. 38(4)): its answer is weighed by the staff and nothing waits for it longer
than `rules.leaving` says. A company without an admin, or one that was never verified, is not asked at all.

Saying so, in one transaction:
1. the gate's readers are told and the member is held: of two forms the second finds the first,
2. what is under way already is shown, and not made again,
3. the request is filed, the person known by being signed in or by the mailbox; the account is closed.

Letters are a job's: each request in a transaction of its own, each letter once, whoever runs it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from portal.clock import seoul_day
from portal.database import writing
from portal.policy.model import Text
from portal.records import companies, company_answers, destructions, leavers, members, requests
from portal.records.company_answers import CompanyAnswer
from portal.records.leavers import Leaver
from portal.records.requests import Request
from portal.rules.deadline import Kind, received_day
from portal.rules.deed import Deed
from portal.rules.leaver import EARLIEST, NO_DATE, NOT_YET
from portal.rules.leaving import Answer, Asked, Letter, asked_next, company_answers_by, letter_to_send
from portal.rules.mask import mask, mask_login_id
from portal.rules.progress import Word
from portal.rules.request import NOT_NEXT, StepRefused
from portal.rules.role import Role
from portal.services import accounts, auditing, company_admins, mailing, registering, reported, requesting
from portal.services.auditing import SYSTEM, By
from portal.services.changing import changing_standing
from portal.services.exercising import Asking
from portal.services.requesting import Filed, NoSuchRequest

PAGE = 200
SHOWN = 50
KINDS = {
    Letter.QUESTION: "leaver_question",
    Letter.FIRST_REMINDER: "leaver_reminder",
    Letter.LAST_REMINDER: "leaver_reminder",
    Letter.HANDED_TO_STAFF: "leaver_handed",
}
ANSWERED = Text(ko="이미 답한 질문이에요.", en="This question has been answered.")
BAD_DATE = Text(ko="퇴사일을 읽을 수 없어요.", en="The leave date cannot be read.")


class AlreadyUnderWay(Exception):
    """A company has reported this person, or their destruction was ordered."""


class DateFault(ValueError):
    """The leave date cannot be taken; `reason` says why."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


@dataclass(frozen=True)
class Question:
    """One question to a company. `member` is masked, "" once it is destroyed; `until` is the last day of the wait."""

    number: str
    member: str
    left_on: date
    until: date
    answer: Answer | None
    is_open: bool


@dataclass(frozen=True)
class Clock:
    """How the question of one request stands, for the staff. `letters` are those sent, with when, oldest first."""

    asked: Asked
    until: date
    left_on: date
    admins: int
    letters: tuple[tuple[Letter, datetime], ...]
    answer: Answer | None
    answered_at: datetime | None


def judged_day(text: str, today: date) -> date:
    """Return the leave date that was typed as 2026-11-20. Raises DateFault."""
    if not text.strip():
        raise DateFault(NO_DATE)
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise DateFault(BAD_DATE) from None
    if day < EARLIEST:
        raise DateFault(BAD_DATE)
    if day > today:
        raise DateFault(NOT_YET)
    return day


def say_left(asking: Asking, left_on: date, at: datetime, *, by_link: bool = False) -> Filed:
    """File somebody's own word that they have left, and close the account. Raises AlreadyUnderWay."""
    # 1.
    with changing_standing():
        member = members.meet(asking.host_id, members.new_ref(), at)
        by = By("MEMBER", member.ref, asking.origin)
        # 2.
        known = requests.open_of(member.ref, Kind.LEAVER.value, requester="SELF")
        if known is not None:
            return Filed(known.number, known.due_day, made=False)
        if leavers.open_of([member.ref]) or destructions.of_member(member.ref) is not None:
            raise AlreadyUnderWay
        # 3.
        filed = requesting.file_request(
            Kind.LEAVER,
            requester="SELF",
            channel="LINK" if by_link else "WEB",
            by=by,
            at=at,
            language=asking.language,
            details={"left_on": left_on.isoformat()},
            member_ref=member.ref,
            nonce=f"{member.ref}\nLEAVER\n{asking.nonce}",
        )
        request = requests.held(filed.number)
        if request is None or not filed.made:
            return filed
        requesting.take_step(request, Word.IDENTITY_CHECK, by=SYSTEM, at=at)
        leavers.add_many(
            [
                {
                    "request_id": request.id,
                    "member_ref": member.ref,
                    "company_ref": member.company_ref,
                    "reporter": "",
                    "left_on": left_on,
                    "reported_on": seoul_day(at),
                    "telling": "TOLD",
                    "told_at": at,
                }
            ]
        )
        reported.close_accounts([member.ref], request.number, by, at)
    return filed


def write_letters(at: datetime) -> int:
    """Write whatever letter is due now on requests that people started themselves; return how many requests had one."""
    written, offset = 0, 0
    while True:
        found, total = requests.open_page(limit=PAGE, offset=offset, kind=Kind.LEAVER.value, requester="SELF")
        written += sum(_write(request.number, at) for request in list(found))
        offset += PAGE
        if offset >= total:
            return written


def questions_to(company_ref: str, by: By, at: datetime) -> list[Question]:
    """Return what a company is asked, newest first, for one of its admins; audited."""
    with writing() as session:
        rows = leavers.alone_of(company_ref, SHOWN)
        found = {request.id: request for request in requests.of_ids({leaver.request_id for leaver in rows})}
        answers = company_answers.of_requests(list(found))
        shown = _masked([leaver.member_ref for leaver in rows])
        questions = [
            _question(
                leaver, found[leaver.request_id], answers.get(leaver.request_id), shown.get(leaver.member_ref, "")
            )
            for leaver in rows
        ]
        auditing.note_views(Deed.QUEUE_VIEWED, by, at, [leaver.member_ref for leaver in rows])
        session.expunge_all()
    return questions


def open_questions(company_ref: str) -> int:
    """Return how many questions a company has not answered yet."""
    rows = leavers.alone_of(company_ref, SHOWN)
    answered = company_answers.of_requests([leaver.request_id for leaver in rows])
    waiting = {leaver.request_id for leaver in rows if leaver.end is None} - set(answered)
    return sum(request.ended_at is None for request in requests.of_ids(waiting))


def answer(number: str, said: Answer, *, company_ref: str, by: By, at: datetime) -> None:
    """Keep what a company's admin answers. Raises NoSuchRequest for another company's, or StepRefused."""
    with writing():
        request = requests.held(number)
        people = leavers.of_request(request.id, limit=1) if request else []
        if request is None or not people or people[0].reporter or people[0].company_ref != company_ref:
            raise NoSuchRequest(number)
        if company_answers.of_requests([request.id]):
            raise StepRefused(ANSWERED)
        if request.ended_at is not None:
            raise StepRefused(NOT_NEXT)
        company_answers.add(CompanyAnswer(request_id=request.id, account_ref=by.ref, answer=said.value, at=at))
        auditing.note(Deed.COMPANY_ANSWERED, by, at, subject=people[0].member_ref, about=number, reason=said.value)


def clock_of(number: str, at: datetime) -> Clock | None:
    """Return how the question to the company stands, None for a request that has none."""
    request = requests.of_number(number)
    people = leavers.of_request(request.id, limit=1) if request and _is_alone(request) else []
    if request is None or not people:
        return None
    leaver, received = people[0], received_day(request.received_at)
    found = company_answers.of_requests([request.id]).get(request.id)
    said, admins = Answer(found.answer) if found else None, len(_admins(leaver))
    sent = requests.notices_sent(request.id)
    return Clock(
        asked=asked_next(received, seoul_day(at), admins=admins, answer=said),
        until=company_answers_by(received),
        left_on=leaver.left_on,
        admins=admins,
        letters=tuple((letter, sent[letter]) for letter in Letter if letter in sent),
        answer=said,
        answered_at=found.at if found else None,
    )


def _write(number: str, at: datetime) -> int:
    with writing():
        request = requests.held(number)
        people = leavers.of_request(request.id, limit=1) if request and _is_alone(request) else []
        if request is None or not people or request.ended_at is not None:
            return 0
        words = {event.word for event in requests.events_of([request.id])[request.id]}
        if words & {Word.APPROVED.value, Word.HANDED_TO_DESTRUCTION.value}:  # the staff did not wait
            return 0
        leaver, received = people[0], received_day(request.received_at)
        found = company_answers.of_requests([request.id]).get(request.id)
        kept = requests.notices_of(request.id)
        sent = [one for one in Letter if one.value in kept]
        admins = _admins(leaver)
        said = Answer(found.answer) if found else None
        letter = letter_to_send(received, seoul_day(at), sent, admins=len(admins), answer=said)
        if letter is None:
            return 0
        requests.keep_notice(request.id, letter.value, at)
        place = f"/desk/requests/{number}" if letter is Letter.HANDED_TO_STAFF else "/org/questions"
        readers = [(one.ref, one.email, one.language) for one in admins]
        if letter is Letter.HANDED_TO_STAFF:
            readers = accounts.addresses_of(Role.HANDLER)
        values = {
            "number": number,
            "member": _masked([leaver.member_ref]).get(leaver.member_ref, "-"),
            "company": _company_name(leaver),
            "until": f"{company_answers_by(received):%Y-%m-%d}",
            "link": mailing.link(place),
        }
        for _, address, language in readers:
            mailing.post(
                KINDS[letter], address, values, key_ref=request.key_ref, language=language, at=at, about=number
            )
        auditing.note(Deed.NOTICE_SENT, SYSTEM, at, about=number, reason=letter.value)
    return 1


def _is_alone(request: Request) -> bool:
    return request.kind == Kind.LEAVER and request.requester == "SELF"


def _admins(leaver: Leaver) -> list[accounts.Person]:
    return company_admins.admins_of(leaver.company_ref) if leaver.company_ref else []


def _company_name(leaver: Leaver) -> str:
    company = companies.of_ref(leaver.company_ref) if leaver.company_ref else None
    return registering.company_of(company)["company_name"] if company else "-"


def _masked(refs: list[str]) -> dict[str, str]:
    """Return what may be said of these members, by reference: the masked address, else the masked id."""
    found = members.of_refs(refs)
    profiles = registering.profiles_of(found)
    return {
        member.ref: mask("email", profiles[member.ref]["email"])
        if profiles.get(member.ref, {}).get("email")
        else mask_login_id(member.host_id)
        for member in found
    }


def _question(leaver: Leaver, request: Request, found: CompanyAnswer | None, member: str) -> Question:
    return Question(
        number=request.number,
        member=member,
        left_on=leaver.left_on,
        until=company_answers_by(received_day(request.received_at)),
        answer=Answer(found.answer) if found else None,
        is_open=request.ended_at is None,
    )
