"""Plan runs, findings of the nightly check, answers to invitations, settings of a board, and what the planner reads.

Columns are added and dropped in place, never by copying a table: on SQLite that would take its children along.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tumorboard.store.db import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACTIVE = "status IN ('waiting', 'running')"
ANSWERS = "answer IN ('needs-action', 'accepted', 'tentative', 'declined', 'delegated')"


def upgrade() -> None:
    op.create_table(
        "plan_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("is_cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("requested_at", UTCDateTime(), nullable=False),
        sa.Column("beat_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_plan_run_status")
        ),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_plan_run_board_id_board")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_plan_run_draft_id_draft")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_run")),
        sa.UniqueConstraint("public_id", name=op.f("uq_plan_run_public_id")),
    )
    op.create_index(
        "uq_plan_run_active",
        "plan_run",
        ["board_id"],
        unique=True,
        sqlite_where=sa.text(ACTIVE),
        postgresql_where=sa.text(ACTIVE),
    )
    op.create_table(
        "meeting_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("found_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("mended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_finding_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting_finding")),
        sa.UniqueConstraint("public_id", name=op.f("uq_meeting_finding_public_id")),
    )
    op.create_index("ix_meeting_finding_meeting", "meeting_finding", ["meeting_id"])
    op.add_column("board", sa.Column("settings", sa.JSON(), server_default="{}", nullable=False))
    op.execute(
        "ALTER TABLE invitation ADD COLUMN answer VARCHAR(12) DEFAULT 'needs-action' NOT NULL "
        f"CONSTRAINT ck_invitation_answer CHECK ({ANSWERS})"
    )
    op.add_column("invitation", sa.Column("answered_at", UTCDateTime(), nullable=True))
    op.add_column("meeting", sa.Column("is_extra", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "ALTER TABLE member ADD COLUMN most_calls_per_week INTEGER "
        "CONSTRAINT ck_member_most_calls CHECK (most_calls_per_week > 0)"
    )
    op.add_column("patient_case", sa.Column("fixed_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("patient_case", "fixed_at")
    op.drop_column("member", "most_calls_per_week")
    op.drop_column("meeting", "is_extra")
    op.drop_column("invitation", "answered_at")
    op.drop_column("invitation", "answer")
    op.drop_column("board", "settings")
    op.drop_table("meeting_finding")
    op.drop_table("plan_run")
