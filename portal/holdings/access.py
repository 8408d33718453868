"""Access records: visits of a member, kept for the policy's six months and sealed day by day.

They are kept by law after a person has left, so a destruction leaves them to the sweep, which destroys each day's key.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import current_app

from portal.policy.model import Text

from . import Subject, Unreachable
from .staying import Staying

READ_AT_ONCE = 500


class AccessRecords(Staying):
    """The access store."""

    key = "access_records"
    name = Text(ko="서비스 접속 기록", en="record of access to the service")
    articles = ("2", "5")
    kept = "access_record"

    def export(self, subject: Subject, at: datetime) -> Iterator[dict[str, Any]]:
        search = current_app.extensions["portal.search_access"]
        before = None
        while True:
            try:
                rows = search(at, ref=subject.member_ref, limit=READ_AT_ONCE, before=before)
            except Exception as error:
                raise Unreachable(self.name, type(error).__name__) from error
            for row in rows:
                yield {
                    "at": row.at.isoformat(),
                    "ip": row.ip,
                    "method": row.method,
                    "path": row.path,
                    "status": row.status,
                    "decision": row.decision,
                    "user_agent": row.user_agent,
                    "cookies": row.cookies,
                }
            if len(rows) < READ_AT_ONCE:
                return
            before = rows[-1].cursor


HOLDING = AccessRecords()
