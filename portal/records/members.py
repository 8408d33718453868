"""Members, as the portal knows them: an opaque reference beside the host's own id, and no more."""

import secrets
from base64 import b32encode
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from ..database import Identifier, Model, UtcMicros, db, inserting

REF_BYTES = 16


class Member(Model):
    """One person whom the host has named."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    ref: Mapped[str] = mapped_column(unique=True)  # 26 characters of lower-case base32, by chance
    host_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcMicros)


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


def of_host(host_id: str) -> Member | None:
    """Return the member whom the host calls `host_id`."""
    return db.session.scalars(select(Member).where(Member.host_id == host_id)).one_or_none()


def of_ref(ref: str) -> Member | None:
    """Return the member with this reference."""
    return db.session.scalars(select(Member).where(Member.ref == ref)).one_or_none()
