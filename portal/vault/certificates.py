"""Certificates: signed documents that say what was destroyed, kept as they were signed.

They lie in the keys store beside the ledger, append-only by triggers: one that holds no more is ended by a row of its
own, and whoever checks it is told.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, Engine, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Model, UtcMicros, in_parts, inserting_on, writing_on


class Certificate(Model):
    """One signed document that says what was destroyed; `about` is a destruction or a batch."""

    __bind_key__ = "keys"
    __tablename__ = "certificates"

    code: Mapped[str] = mapped_column(primary_key=True)
    about: Mapped[str] = mapped_column(index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcMicros)
    body: Mapped[str]  # the signed JSON document, byte for byte
    supersedes: Mapped[str | None] = mapped_column(unique=True)


class CertificateEnd(Model):
    """A certificate that holds no more: another one took its place, or it was taken back."""

    __bind_key__ = "keys"
    __tablename__ = "certificate_ends"
    __table_args__ = (CheckConstraint("state IN ('SUPERSEDED', 'REVOKED')", name="state"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMicros)
    reason: Mapped[str]


def issue_many(engine: Engine, bodies: Mapping[str, tuple[str, str]], at: datetime) -> None:
    """Keep certificates, code and body by what each is about; what has one keeps it."""
    with writing_on(engine) as connection:
        known: set[str] = set()
        for some in in_parts(bodies):
            known.update(connection.scalars(select(Certificate.about).where(Certificate.about.in_(some))))
        rows = [
            {"code": code, "about": about, "issued_at": at, "body": body, "supersedes": None}
            for about, (code, body) in bodies.items()
            if about not in known
        ]
        if rows:
            connection.execute(insert(Certificate), rows)


def codes_of(engine: Engine, abouts: Sequence[str]) -> dict[str, str]:
    """Return the codes of the newest certificates of these destructions or batches, by what they are about."""
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for some in in_parts(abouts):
            query = select(Certificate.about, Certificate.code).order_by(Certificate.issued_at)
            rows = connection.execute(query.where(Certificate.about.in_(some)))
            found.update((about, code) for about, code in rows)
    return found


def issue(engine: Engine, code: str, about: str, body: str, at: datetime, supersedes: str | None = None) -> Certificate:
    """Keep a certificate and return the one that stands for `about`: the first, unless this one supersedes it."""
    with writing_on(engine) as connection:
        standing = None if supersedes else _newest_of(connection, about)
        if standing is None:
            connection.execute(
                insert(Certificate).values(code=code, about=about, issued_at=at, body=body, supersedes=supersedes)
            )
            if supersedes:
                _end(connection, supersedes, "SUPERSEDED", "", at)
            standing = _newest_of(connection, about)
    if standing is None:
        raise KeyError(about)
    return standing


def revoke(engine: Engine, code: str, reason: str, at: datetime) -> None:
    """Take a certificate back; whoever checks it is told so. A second time changes nothing."""
    with writing_on(engine) as connection:
        _end(connection, code, "REVOKED", reason, at)


def of_code(engine: Engine, code: str) -> tuple[Certificate, CertificateEnd | None] | None:
    """Return the certificate with this code and how it ended, if it did."""
    with engine.connect() as connection:
        found = connection.execute(select(*Certificate.__table__.columns).where(Certificate.code == code)).first()
        ended = connection.execute(select(*CertificateEnd.__table__.columns).where(CertificateEnd.code == code)).first()
    if found is None:
        return None
    return Certificate(**found._mapping), CertificateEnd(**ended._mapping) if ended else None


def newest_of(engine: Engine, about: str) -> Certificate | None:
    """Return the newest certificate of a destruction or a batch."""
    with engine.connect() as connection:
        return _newest_of(connection, about)


def _newest_of(connection: Connection, about: str) -> Certificate | None:
    query = select(*Certificate.__table__.columns).where(Certificate.about == about)
    row = connection.execute(query.order_by(Certificate.issued_at.desc()).limit(1)).first()
    return Certificate(**row._mapping) if row else None


def _end(connection: Connection, code: str, state: str, reason: str, at: datetime) -> None:
    values = {"code": code, "state": state, "at": at, "reason": reason}
    connection.execute(inserting_on(connection, CertificateEnd).values(values).on_conflict_do_nothing())
