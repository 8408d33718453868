"""Uploads: lists of leavers that were read and judged, but not sent yet. Nothing has happened to anybody in them.

The rows lie in pages, each sealed under the upload's own key; when a list is sent, thrown away or out of date, the key
ends and the pages with it, so that nothing is kept of people whom nobody asked about.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db


class Upload(Model):
    """One list. `counts` is JSON: rows by verdict, how far judging has come, and which rows were confirmed; nothing
    personal. `request_number` is what it became when it was sent."""

    __tablename__ = "uploads"
    __table_args__ = (CheckConstraint("state IN ('READING', 'READY', 'SENT', 'GONE')", name="state"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)
    company_ref: Mapped[str] = mapped_column(index=True)
    account_ref: Mapped[str] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    counts: Mapped[str]
    request_number: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(UtcMicros)
    expires_at: Mapped[datetime] = mapped_column(UtcMicros, index=True)


class UploadPage(Model):
    """Some rows of a list, as they were typed and, once they are judged, with their verdicts. Page 0 says of the file
    what people read: its name."""

    __tablename__ = "upload_pages"

    upload_id: Mapped[int] = mapped_column(ForeignKey(Upload.id), primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


def add(upload: Upload, pages: Mapping[int, bytes]) -> None:
    """Keep a new list and its pages."""
    db.session.add(upload)
    db.session.flush()
    rows = [{"upload_id": upload.id, "page": page, "sealed": sealed} for page, sealed in pages.items()]
    db.session.connection().execute(insert(UploadPage), rows)


def of_ref(ref: str) -> Upload | None:
    """Return the list of this reference."""
    return db.session.scalars(select(Upload).where(Upload.ref == ref)).one_or_none()


def held(ref: str) -> Upload | None:
    """Return the list of this reference, held until the transaction ends."""
    query = select(Upload).where(Upload.ref == ref).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def reading(limit: int) -> Sequence[Upload]:
    """Return lists that are not judged to the end, oldest first."""
    query = select(Upload).where(Upload.state == "READING").order_by(Upload.id).limit(limit)
    return db.session.scalars(query).all()


def replace_pages(upload_id: int, pages: Mapping[int, bytes]) -> None:
    """Put these pages in place of what they were."""
    known = update(UploadPage.__table__).where(  # type: ignore[arg-type]
        UploadPage.upload_id == upload_id, UploadPage.page == bindparam("the_page")
    )
    rows = [{"the_page": page, "sealed": sealed} for page, sealed in pages.items()]
    db.session.connection().execute(known, rows)


def pages_of(upload_id: int, first: int, last: int) -> dict[int, bytes]:
    """Return the pages from `first` to `last`, in order."""
    query = select(UploadPage.page, UploadPage.sealed).where(
        UploadPage.upload_id == upload_id, UploadPage.page.between(first, last)
    )
    return {row.page: row.sealed for row in db.session.execute(query.order_by(UploadPage.page))}


def expired(at: datetime, limit: int) -> Sequence[Upload]:
    """Return lists whose time was over by `at`, oldest first; those that have ended are among them."""
    return db.session.scalars(select(Upload).where(Upload.expires_at <= at).order_by(Upload.id).limit(limit)).all()


def end(upload_id: int, state: str, request_number: str | None = None) -> None:
    """End a list as SENT or GONE: its rows are deleted. The caller destroys the key after the commit."""
    db.session.execute(delete(UploadPage).where(UploadPage.upload_id == upload_id))
    ended = update(Upload).where(Upload.id == upload_id)
    db.session.execute(ended.values(state=state, request_number=request_number))
    db.session.expire_all()


def forget(upload_ids: Collection[int]) -> None:
    """Drop lists altogether; their keys are destroyed."""
    db.session.execute(delete(UploadPage).where(UploadPage.upload_id.in_(upload_ids)))
    db.session.execute(delete(Upload).where(Upload.id.in_(upload_ids)))
    db.session.expire_all()
