from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from elsewhere import LIMITS, Checked


class Warehouse(DeclarativeBase):
    pass


class Weighed:
    weight: Mapped[int]
    __table_args__ = (CheckConstraint("weight > 0"),)


class Placed:
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))
    __table_args__ = (Index("ix_depot", "depot_id"),)


class Depot(Warehouse):
    __tablename__ = "depots"
    id: Mapped[int] = mapped_column(primary_key=True)


class Pallet(Weighed, Warehouse):
    __tablename__ = "pallets"
    __table_args__ = (Index("ix_pallets_weight", "weight"),) + Weighed.__table_args__ + ({"schema": "stock"},)
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))  # FP207


class Crate(Weighed, Warehouse):
    __tablename__ = "crates"
    __table_args__ = (*Weighed.__table_args__, Index("ix_crates_weight", "weight"))
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))  # FP207


# Near misses: what is added has the index, or cannot be read


class Barrel(Weighed, Warehouse):
    __tablename__ = "barrels"
    __table_args__ = Weighed.__table_args__ + (Index("ix_barrels_depot", "depot_id", "weight"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))


class Sack(Placed, Warehouse):
    __tablename__ = "sacks"
    __table_args__ = Placed.__table_args__ + (Index("ix_sacks_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)


class Drum(Warehouse):
    __tablename__ = "drums"
    __table_args__ = LIMITS + (Index("ix_drums_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))


class Tank(Checked, Warehouse):
    __tablename__ = "tanks"
    __table_args__ = (*Checked.__table_args__, Index("ix_tanks_id", "id"))
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))


class Keg(Warehouse):
    __tablename__ = "kegs"
    __table_args__ = Placed.__table_args__ + (Index("ix_kegs_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"))
