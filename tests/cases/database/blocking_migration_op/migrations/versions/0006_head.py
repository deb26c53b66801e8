import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table("items", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("order_id", sa.Integer()))
    op.create_index("ix_items_order_id", "items", ["order_id"])
    op.create_foreign_key("fk_items_orders", "items", "orders", ["order_id"], ["id"])
    op.create_index(op.f("ix_orders_customer_id"), "orders", ["customer_id"], unique=False)  # FP225
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_shop", "orders", ["shop"], postgresql_concurrently=True)
    op.create_foreign_key("fk_orders_shops", "orders", "shops", ["shop_id"], ["id"])  # FP225
    op.create_foreign_key("fk_orders_days", "orders", "days", ["day_id"], ["id"], postgresql_not_valid=True)
    op.alter_column("orders", "total", existing_type=sa.Integer(), type_=sa.BigInteger())  # FP225
    op.alter_column("orders", "name", existing_type=sa.String(length=20), type_=sa.String(length=80))
    op.alter_column("orders", "title", existing_type=sa.VARCHAR(), type_=sa.Text())
    op.alter_column("orders", "shop_id", existing_type=sa.Integer(), nullable=False)  # FP225
    op.alter_column("orders", "note", existing_type=sa.Text(), nullable=True)
    op.alter_column("orders", "old", new_column_name="new")
    op.add_column("orders", sa.Column("key", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))  # FP225
    op.add_column("orders", sa.Column("size", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_orders_size", "orders", ["size"])
    op.create_index("ix_shops_name", "shops", ["name"])
    op.drop_index("ix_orders_old", table_name="orders")


def downgrade() -> None:
    op.create_index("ix_orders_old", "orders", ["old"])
