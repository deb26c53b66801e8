from alembic import op
from shop.names import VISITS

revision = "0003"
down_revision = "0002"

TABLE = "bookings"
PLACES = ["place_id"]
INDEXES = (
    ("ix_bookings_guest", "bookings", ["guest_id"]),
    ("ix_bookings_host", "bookings", ["host_id"]),
)
OTHERS = {"ix_visits_host": ("visits", "host_id")}


def create_index_if_missing(table: str, name: str, columns: list[str]) -> None:
    op.create_index(name, table, columns, if_not_exists=True)


def upgrade() -> None:
    op.create_index("ix_bookings_room", TABLE, ["room_id"])
    op.create_index("ix_bookings_place", table_name=TABLE, columns=PLACES)
    op.create_index("ix_visits_room", VISITS, ["room_id"])
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    for name, (table, column) in OTHERS.items():
        op.create_index(name, table, [column])
    for column in ("agent_id",):
        op.create_index(f"ix_{TABLE}_{column}", TABLE, [column])
        op.execute(f"CREATE INDEX IF NOT EXISTS ix_visits_{column} ON visits ({column})")
    create_index_if_missing("visits", "ix_visits_guest", ["guest_id"])


def downgrade() -> None:
    op.create_index("ix_bookings_owner", TABLE, ["owner_id"])
