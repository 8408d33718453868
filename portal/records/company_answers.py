"""What a former company's admin answered to somebody's own word that they have left. Once, and append-only."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model, UtcMicros, db
from .requests import Request


class CompanyAnswer(Model):
    """One answer; `answer` is portal.rules.leaving.Answer."""

    __tablename__ = "company_answers"
    __table_args__ = (CheckConstraint("answer IN ('CONFIRMED', 'DENIED')", name="answer"),)

    request_id: Mapped[int] = mapped_column(ForeignKey(Request.id), primary_key=True, autoincrement=False)
    account_ref: Mapped[str]
    answer: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)


def add(answer: CompanyAnswer) -> None:
    """Keep an answer. Raises IntegrityError when there is one."""
    db.session.add(answer)
    db.session.flush()


def of_requests(request_ids: Collection[int]) -> dict[int, CompanyAnswer]:
    """Return the answers to these requests, by request."""
    found = db.session.scalars(select(CompanyAnswer).where(CompanyAnswer.request_id.in_(request_ids)))
    return {answer.request_id: answer for answer in found}
