"""Letters to accounts that belong to no member: a digest goes to every coordinator.

The table of letters has no children, so SQLite may copy it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("member_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM outbox_message WHERE member_id IS NULL")
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("member_id", existing_type=sa.Integer(), nullable=False)
