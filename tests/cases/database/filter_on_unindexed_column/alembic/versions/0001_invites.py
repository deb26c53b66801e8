import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "messages_sent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String),
        sa.Column("token", sa.String),
    )
    op.create_index("ix_messages_sent_sender", "messages_sent", ["sender"])


def downgrade() -> None:
    op.drop_table("messages_sent")
