"""Downloads: every file that leaves here says what it is for; one that says nothing is not given out."""

import csv
import io
from collections.abc import Iterable, Mapping

from flask import Response, make_response, request

from portal.rules.spreadsheet import BYTE_ORDER_MARK, plain_row

PURPOSES: Mapping[str, str] = {  # endpoint: what the file is given out for
    "certificates.document": "PIPA art. 21: whoever holds the code can check the destruction",
    "desk.paper": "Decree art. 45: a handler checks an agent's power",
    "ledger.table": "PIPA art. 21: that data was destroyed can be shown, in counts",
    "me.download_file": "PIPA art. 35: a member takes their own data along",
    "me.receipt_file": "PIPA art. 22: a member keeps what they agreed to",
    "org_lists.fix": "policy art. 6: a company corrects the list that it typed itself",
    "org_lists.sample": "policy art. 6: an empty form, with nobody in it",
    "registers.table": "PIPA art. 26: the officer supervises who received what, in counts",
    "public.receipt_key": "PIPA art. 22: anybody can check a receipt",
}


def table(rows: Iterable[Iterable[object]], name: str) -> Response:
    """Return rows as a CSV that Korean Excel reads as it is, no cell of it a formula."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(plain_row(row) for row in rows)
    response = make_response((BYTE_ORDER_MARK + text.getvalue()).encode())
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Cache-Control"] = "no-store"
    return attached(response, name)


def attached(response: Response, name: str) -> Response:
    """Return the answer as a file of this name, plain ASCII. Raises LookupError when it has no purpose."""
    if request.endpoint not in PURPOSES:
        raise LookupError(f"{request.endpoint} gives out a file and names no purpose")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
