"""Uploads: lists of leavers that were read and judged, but not sent yet. Nothing has happened to anybody in them.

The judged rows lie in pages, each sealed under the upload's own key; when a list is sent, thrown away or out of date,
the key ends and the pages with it, so that nothing is kept of people whom nobody asked about.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Upload(Model):
    """One list. `counts` is JSON: rows by verdict, and how far reading has come; nothing personal."""

    __tablename__ = "uploads"
    __table_args__ = (CheckConstraint("state IN ('READING', 'READY', 'REFUSED', 'SENT', 'GONE')", name="state"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    company_ref: Mapped[str] = mapped_column(index=True)
    account_ref: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    counts: Mapped[str] = mapped_column(default="{}")
    refusal: Mapped[str] = mapped_column(default="")  # JSON: why the whole file was refused, in both languages
    request_number: Mapped[str | None]  # what it became when it was sent
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    expires_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)


class UploadPage(Model):
    """Some rows of a list with their verdicts; page 0 and below are the file itself, until it is read."""

    __tablename__ = "upload_pages"

    upload_id: Mapped[int] = mapped_column(ForeignKey(Upload.id), primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def add(upload: Upload) -> None:
    """Keep a new list."""
    db.session.add(upload)
    db.session.flush()


def of_ref(ref: str) -> Upload | None:
    """Return the list of this reference."""
    return db.session.scalars(select(Upload).where(Upload.ref == ref)).one_or_none()


def held(ref: str) -> Upload | None:
    """Return the list of this reference, held until the transaction ends."""
    query = select(Upload).where(Upload.ref == ref).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def keep_page(upload_id: int, page: int, sealed: bytes) -> None:
    """Keep some rows, in place of what was there."""
    db.session.merge(UploadPage(upload_id=upload_id, page=page, sealed=sealed))
    db.session.flush()


def pages_of(upload_id: int, first: int, last: int) -> Sequence[UploadPage]:
    """Return the pages from `first` to `last`, in order."""
    query = select(UploadPage).where(UploadPage.upload_id == upload_id, UploadPage.page.between(first, last))
    return db.session.scalars(query.order_by(UploadPage.page)).all()


def expired(at: datetime, limit: int) -> Sequence[Upload]:
    """Return lists that were not sent in time."""
    query = select(Upload).where(Upload.expires_at <= at, Upload.state.in_(("READING", "READY", "REFUSED")))
    return db.session.scalars(query.order_by(Upload.id).limit(limit)).all()


def end(upload_id: int, state: str, request_number: str | None = None) -> None:
    """End a list as SENT or GONE: its rows are deleted. The caller destroys the key after the commit."""
    db.session.execute(delete(UploadPage).where(UploadPage.upload_id == upload_id))
    ended = update(Upload).where(Upload.id == upload_id)
    db.session.execute(ended.values(state=state, request_number=request_number))
    db.session.expire_all()
