import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_index("ix_orders_migrated_id", "orders", ["migrated_id"], unique=False)
    op.create_index(op.f("ix_orders_dropped_id"), "orders", ["dropped_id"])
    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_raw ON orders USING btree (raw_id, created)")
    with op.batch_alter_table("orders") as batch_op:
        batch_op.create_index("ix_batch", ["batch_id"])
    op.execute(sa.text("CREATE OR REPLACE VIEW overviews AS SELECT id AS order_id, id FROM orders"))


def downgrade() -> None:
    op.drop_index("ix_orders_migrated_id", table_name="orders")
