import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.create_index("ix_orders_batch", ["number"])  # FP225
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=True))
    op.create_unique_constraint("uq_orders_number", "orders", ["number"])  # FP225
