from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

metadata = MetaData()
parcels = Table(
    "parcels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id")),
    Column("note", String),
)


class Parcels:
    """Something of ours that is no table."""

    def select(self) -> list[int]:
        return [1]


shelf = Parcels()
