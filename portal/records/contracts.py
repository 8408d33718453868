"""Which contract the tables keep that the gate reads; the gate refuses a store with another than its own."""

from sqlalchemy.orm import Mapped, mapped_column

from ..database import Model


class GateContract(Model):
    """Exactly one row, written by migrations only."""

    __tablename__ = "gate_contract"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
