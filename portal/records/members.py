"""Members, as the portal knows them: an opaque reference beside the host's own id, and a sealed profile.

A member who is known from a consent only has no profile yet: `sealed` is NULL.
"""

import secrets
from base64 import b32encode
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import CheckConstraint, LargeBinary, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting
from ..errors import AlreadyKept
from .tallying import tally

REF_BYTES = 16
Source = Literal["HOST", "SELF", "EMPLOYER"]  # who gave the data: the host's own records, the person, the company
INDEX_COLUMNS = {"email": "email_index", "login_id": "login_index", "personal_contact": "contact_index"}


class Member(Model):
    """One person whom the host has named."""

    __tablename__ = "members"
    __table_args__ = (CheckConstraint("source IN ('HOST', 'SELF', 'EMPLOYER')", name="source"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # 26 characters of lower-case base32, by chance
    host_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcMicros)
    company_ref: Mapped[str | None] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(default="HOST", server_default="HOST")  # one of Source
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)  # the profile, by item key of the policy
    email_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    login_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    contact_index: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    contact_proved: Mapped[bytes | None] = mapped_column(
        LargeBinary
    )  # the contact_index whose mailbox is known as theirs
    updated_at: Mapped[datetime | None] = mapped_column(UtcMicros)  # when the profile last changed


class Found(NamedTuple):
    """A member found by a blind index."""

    index: bytes
    ref: str
    email_index: bytes | None


def new_ref() -> str:
    """Return a reference that nobody has and nobody can guess."""
    return b32encode(secrets.token_bytes(REF_BYTES)).decode("ascii").rstrip("=").lower()


def meet(host_id: str, ref: str, at: datetime) -> Member:
    """Return the member with this host id, kept under `ref` when met for the first time, and locked until the
    transaction ends: what two requests do for one member happens one after the other."""
    session = db.session()
    statement = inserting(session, Member).values(host_id=host_id, ref=ref, created_at=at)
    session.execute(statement.on_conflict_do_nothing(index_elements=[Member.host_id]))
    return session.scalars(select(Member).where(Member.host_id == host_id).with_for_update()).one()


def host_ids() -> Sequence[str]:
    """Return what the host calls each of the members."""
    return db.session.scalars(select(Member.host_id)).all()


def hold(ref: str) -> Member | None:
    """Return the member with this reference, locked until the transaction ends."""
    return db.session.scalars(select(Member).where(Member.ref == ref).with_for_update()).one_or_none()


def hold_many(refs: Collection[str]) -> list[Member]:
    """Return the members with these references, locked in the order of their references, so that two who lock some of
    the same wait in line and not for each other; name no more than one query can."""
    query = select(Member).where(Member.ref.in_(refs)).order_by(Member.ref).with_for_update()
    return list(db.session.scalars(query))


def keep_profile(ref: str, facts: dict[str, Any], at: datetime) -> None:
    """Change columns of a member's profile: those in `facts`, and the moment."""
    session = db.session()
    session.execute(update(Member).where(Member.ref == ref).values(updated_at=at, **facts))
    session.expire_all()


def add_many(rows: Sequence[dict[str, Any]]) -> None:
    """Keep new members, each a dict of columns. Raises AlreadyKept when one is known."""
    if not rows:
        return
    try:
        db.session.connection().execute(insert(Member), rows)
    except IntegrityError as error:
        raise AlreadyKept from error


def fill_many(rows: Sequence[dict[str, Any]]) -> int:
    """Give members without a profile theirs, each a dict with `the_ref` and the same columns; return how many were
    still without one."""
    if not rows:
        return 0
    columns = {name: bindparam(name) for name in rows[0] if name != "the_ref"}
    statement = update(Member).where(Member.ref == bindparam("the_ref"), Member.sealed.is_(None)).values(columns)
    return db.session.connection().execute(statement, rows).rowcount


def of_host(host_id: str) -> Member | None:
    """Return the member whom the host calls `host_id`."""
    return db.session.scalars(select(Member).where(Member.host_id == host_id)).one_or_none()


def of_hosts(host_ids: Collection[str]) -> dict[str, Member]:
    """Return the known ones among these host ids; name no more than one query can."""
    return {member.host_id: member for member in db.session.scalars(select(Member).where(Member.host_id.in_(host_ids)))}


def of_ref(ref: str) -> Member | None:
    """Return the member with this reference."""
    return db.session.scalars(select(Member).where(Member.ref == ref)).one_or_none()


def found_by(item: str, index: bytes) -> list[Member]:
    """Return the members whose blind index of `item` (a key of INDEX_COLUMNS) is this one, first met first."""
    column = getattr(Member, INDEX_COLUMNS[item])
    return list(db.session.scalars(select(Member).where(column == index).order_by(Member.id)))


def of_company_by(item: str, indexes: Collection[bytes], company_ref: str) -> list[Found]:
    """Return what is needed of the members of one company whose blind index of `item` is among these, first met first.

    Somebody of another company is not read at all, so that it takes as long as to find nobody.
    """
    column = getattr(Member, INDEX_COLUMNS[item])
    query = select(column, Member.ref, Member.email_index)
    # Said so that no engine takes the company's index: that would read everybody of a large company at every question.
    query = query.where(column.in_(indexes), func.coalesce(Member.company_ref, "") == company_ref)
    return [Found(*row) for row in db.session.execute(query.order_by(Member.id))]


def of_company(company_ref: str, *, limit: int, offset: int = 0) -> tuple[list[Member], int]:
    """Return one page of a company's members, first met first, and how many there are in all."""
    query = select(Member).where(Member.company_ref == company_ref)
    total = count_by_company([company_ref]).get(company_ref, 0)
    return list(db.session.scalars(query.order_by(Member.id).limit(limit).offset(offset))), total


def count_by_company(company_refs: Collection[str]) -> dict[str, int]:
    """Return how many members each of these companies has; name no more than one query can."""
    query = select(Member.company_ref, func.count()).where(Member.company_ref.in_(company_refs))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Member.company_ref)) if row[0]}


def count_of(ref: str) -> int:
    """Return 1 while there is a member with this reference, else 0."""
    return db.session.scalar(select(func.count()).select_from(Member).where(Member.ref == ref)) or 0


def destroy_of(ref: str) -> int:
    """Delete the member with this reference; the reference leads to nobody from then on."""
    return db.session.execute(delete(Member).where(Member.ref == ref)).rowcount


def of_refs(refs: Collection[str]) -> list[Member]:
    """Return the members with these references; name no more than one query can."""
    return list(db.session.scalars(select(Member).where(Member.ref.in_(refs))))


def counts_of(refs: Collection[str]) -> Counter[str]:
    """Return, by reference, 1 for each of these that leads to a member."""
    return tally(Member.ref, refs)
