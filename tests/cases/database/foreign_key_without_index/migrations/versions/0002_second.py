from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_index(op.f("ix_orders_dropped_id"), table_name="orders")


def downgrade() -> None:
    op.create_index(op.f("ix_orders_dropped_id"), "orders", ["dropped_id"])
