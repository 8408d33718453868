"""/desk/ledger: the destruction ledger (파기 관리대장): read, printed, as a table, confirmed by the officer, and where
paper that was shredded or burnt is entered by hand."""

import csv
import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    stream_with_context,
    url_for,
)
from flask_babel import gettext, ngettext

from portal import clock
from portal.clock import seoul_day
from portal.forms.handlers import Form
from portal.forms.ledger import METHODS, REASONS, PaperForm
from portal.rules import ledger as rules
from portal.rules.ledger import Reason
from portal.rules.spreadsheet import BYTE_ORDER_MARK
from portal.services import keeping_ledger
from portal.services.keeping_ledger import OwnEntry, Shown
from portal.speech import language, say_text
from portal.vault.ledger_reading import Wanted
from portal.views import guarding
from portal.views.downloads import attached
from portal.views.paging import number_of

place = Blueprint("ledger", __name__, url_prefix="/desk/ledger")
PER_PAGE, WHOLE = 25, 2000  # the whole is for paper: what was chosen, on as many sheets as it takes


@dataclass(frozen=True)
class Row:
    """One line of the ledger in words."""

    id: int
    number: str
    files: str
    medium: str
    made_on: str
    destroyed_on: str
    reason: str
    methods: str
    count: int
    kept: str
    handler: str
    approver: str
    confirmed_by: str
    confirmed_on: str
    evidence: str
    is_open: bool
    waits: bool
    mine: bool


@place.get("")
def overview() -> str:
    at = clock.now()
    wanted = _wanted()
    before = number_of(request.args.get("before", ""))
    is_whole = "whole" in request.args
    limit = WHOLE if is_whole else PER_PAGE
    found = keeping_ledger.page(wanted, limit, before, guarding.by(), at, language())
    kept = {name: value for name, value in request.args.items() if name in ("year", "reason") and value}
    return render_template(
        "desk/ledger.html",
        rows=[_row(one, at) for one in found.lines],
        columns={name: say_text(words) for name, words in rules.COLUMNS.items()},
        years=[("", gettext("전체")), *((str(year), str(year)) for year in keeping_ledger.years())],
        reasons=[("", gettext("전체")), *((reason.value, say_text(rules.REASONS[reason])) for reason in Reason)],
        typed={"year": str(wanted.year or ""), "reason": wanted.reason},
        narrowed=bool(kept),
        newest=url_for("ledger.overview", **kept) if before else "",  # type: ignore[arg-type]
        older=url_for("ledger.overview", **kept, before=found.older) if found.older else "",  # type: ignore[arg-type]
        whole=url_for("ledger.overview", **kept, whole=1) if found.older and not is_whole else "",  # type: ignore[arg-type]
        cut_after=f"{WHOLE:,}" if found.older and is_whole else "",
        table_url=url_for("ledger.table", **kept),  # type: ignore[arg-type]
        to_confirm=keeping_ledger.to_confirm() if guarding.allows("ledger.confirm") and found.lines else 0,
        may_enter=guarding.allows("ledger.enter"),
        printed_on=seoul_day(at),
    )


@place.get("/ledger.csv")
def table() -> Response:
    """The whole ledger, or what was chosen of it, for a spreadsheet."""
    at = clock.now()
    rows = keeping_ledger.rows(_wanted(), at, language())
    response = Response(stream_with_context(_written(rows)), mimetype="text/csv")
    return attached(response, f"destruction-ledger-{seoul_day(at)}.csv")


@place.route("/paper", methods=["GET", "POST"])
def paper() -> Response:
    """Enter a destruction that people did by hand."""
    at = clock.now()
    form: Form = PaperForm()
    if request.method == "POST":
        form = sent = PaperForm.read(request.form, seoul_day(at))
        if sent.paper is not None:
            number = keeping_ledger.enter_paper(sent.paper, guarding.by(), at)
            flash(gettext("%(number)s로 적었습니다. 다른 사람이 증빙을 보고 확인하면 완성됩니다.", number=number))
            return redirect(url_for("ledger.overview"), 303)  # type: ignore[return-value]
    page = render_template(
        "desk/paper.html",
        form=form,
        nonce=form.typed.get("nonce") or secrets.token_urlsafe(16),
        methods=[("", gettext("골라 주세요")), *((one.value, say_text(rules.METHODS[one])) for one in METHODS)],
        reasons=[("", gettext("골라 주세요")), *((one.value, say_text(rules.REASONS[one])) for one in REASONS)],
    )
    return make_response(page, 422 if form.faults else 200)


@place.post("/second")
def second() -> Response:
    """Sign that somebody else's entry is as the evidence shows."""
    number = request.form.get("number", "")
    try:
        signed = rules.is_ledger_number(number) and keeping_ledger.second(number, guarding.by(), clock.now())
    except OwnEntry:
        flash(gettext("적은 사람은 확인할 수 없습니다. 다른 사람에게 부탁해 주세요."))
    else:
        if signed:
            flash(gettext("%(number)s의 증빙을 확인했습니다.", number=number))
        else:
            flash(gettext("확인할 것이 없습니다. 이미 다른 사람이 확인했습니다."))
    return redirect(url_for("ledger.overview"), 303)  # type: ignore[return-value]


@place.post("/confirm")
def confirm() -> Response:
    """Confirm every complete line that was on the page or before it."""
    guarding.require_fresh()
    count = keeping_ledger.confirm(number_of(request.form.get("up_to", "")) or 0, guarding.by(), clock.now())
    flash(ngettext("%(num)s건의 파기를 확인했습니다.", "%(num)s건의 파기를 확인했습니다.", count))
    return redirect(url_for("ledger.overview"), 303)  # type: ignore[return-value]


def _wanted() -> Wanted:
    year, reason = request.args.get("year", ""), request.args.get("reason", "")
    return Wanted(
        int(year) if len(year) == 4 and year.isascii() and year.isdecimal() else None,
        reason if reason in set(Reason) else "",
    )


def _row(shown: Shown, at: datetime) -> Row:
    line, spoken = shown.line, language()
    return Row(
        id=shown.id,
        number=line.number,
        files=", ".join(name.in_language(spoken) for name in line.files),
        medium=say_text(rules.MEDIA[line.medium]),
        made_on=f"{line.made_on or ''}",
        destroyed_on=f"{line.destroyed_on or ''}",
        reason=say_text(rules.REASONS[line.reason]),
        methods=", ".join(say_text(rules.METHODS[method]) for method in line.methods),
        count=line.count,
        kept=keeping_ledger.kept_text(line, at, spoken),
        handler=line.handler,
        approver=line.approver,
        confirmed_by=line.confirmed_by,
        confirmed_on=f"{line.confirmed_on or ''}",
        evidence=line.evidence,
        is_open=line.destroyed_on is None,
        waits=shown.waits,
        mine=shown.mine,
    )


def _written(rows: Iterator[list[str]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    text.write(BYTE_ORDER_MARK)
    for row in rows:
        writer.writerow(row)
        if text.tell() > 65536:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()
