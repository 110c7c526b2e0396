"""When letters were last looked at, so that pages can say that nobody does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tumorboard.store.db import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post_round")),
    )


def downgrade() -> None:
    op.drop_table("post_round")
