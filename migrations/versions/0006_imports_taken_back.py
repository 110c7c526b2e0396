"""What an import changed, for a day, so that it can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tumorboard.store.db import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "done_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("program", sa.String(length=64), nullable=False),
        sa.Column("imported_by", sa.String(length=200), nullable=False),
        sa.Column("imported_at", UTCDateTime(), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_done_import")),
        sa.UniqueConstraint("public_id", name=op.f("uq_done_import_public_id")),
    )
    op.create_index(op.f("ix_done_import_imported_at"), "done_import", ["imported_at"])


def downgrade() -> None:
    op.drop_table("done_import")
