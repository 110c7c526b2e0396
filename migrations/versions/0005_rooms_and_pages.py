"""Discussions, presence, steps to take back, groups, weekly hours, settings of the centre, batches of letters.

Columns of tables with children are added in place, as in 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tumorboard.store.db import UTCDateTime, new_calendar_id

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = "state IN ('waiting', 'sent', 'superseded', 'dead', 'held')"
OLD_STATES = "state IN ('waiting', 'sent', 'superseded', 'dead')"
ADDED: tuple[tuple[str, sa.Column[object]], ...] = (
    ("centre", sa.Column("settings", sa.JSON(), server_default="{}", nullable=False)),
    ("account", sa.Column("time_zone", sa.String(length=64), server_default="", nullable=False)),
    ("meeting", sa.Column("calendar_id", sa.String(length=40), server_default="", nullable=False)),
    ("meeting", sa.Column("signed_at", UTCDateTime(), nullable=True)),
    ("meeting", sa.Column("signed_by", sa.String(length=200), server_default="", nullable=False)),
    ("invitation", sa.Column("delegated_from", sa.String(length=20), server_default="", nullable=False)),
    ("pending_import", sa.Column("status", sa.String(length=12), server_default="uploaded", nullable=False)),
    ("pending_import", sa.Column("progress", sa.JSON(), server_default="{}", nullable=False)),
    ("pending_import", sa.Column("is_cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False)),
    ("pending_import", sa.Column("beat_at", UTCDateTime(), nullable=True)),
    ("pending_import", sa.Column("problem", sa.String(length=64), server_default="", nullable=False)),
)


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, column)
    _name_meetings()
    op.create_index(op.f("ix_meeting_calendar_id"), "meeting", ["calendar_id"], unique=True)
    with op.batch_alter_table("outbox_message") as batch:
        batch.add_column(sa.Column("batch", sa.String(length=64), server_default="", nullable=False))
        batch.drop_constraint(op.f("ck_outbox_message_state"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_message_state"), STATES)
        batch.create_index(op.f("ix_outbox_message_batch"), ["batch"])
    _create_discussions()
    _create_plans()
    _create_weekly_hours()


def _name_meetings() -> None:
    """Every meeting there is gets a UID of its own."""
    meeting = sa.table("meeting", sa.column("id", sa.Integer), sa.column("calendar_id", sa.String))
    connection = op.get_bind()
    for (row,) in connection.execute(sa.select(meeting.c.id)).all():
        connection.execute(meeting.update().where(meeting.c.id == row).values(calendar_id=new_calendar_id()))


def _create_discussions() -> None:
    op.create_table(
        "discussion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("recommendation", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('', 'discussed', 'deferred', 'withdrawn', 'not_quorate')", name=op.f("ck_discussion_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["agenda_item.id"], name=op.f("fk_discussion_item_id_agenda_item"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discussion")),
        sa.UniqueConstraint("public_id", name=op.f("uq_discussion_public_id")),
        sa.UniqueConstraint("item_id", name=op.f("uq_discussion_item_id")),
    )
    op.create_table(
        "presence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("noted_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_presence_until_after_since")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_presence_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_presence_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
        sa.UniqueConstraint("public_id", name=op.f("uq_presence_public_id")),
    )
    op.create_index("ix_presence_meeting_member", "presence", ["meeting_id", "member_id"])
    op.create_index(op.f("ix_presence_member_id"), "presence", ["member_id"])


def _create_plans() -> None:
    op.create_table(
        "plan_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("undone_by", sa.String(length=200), nullable=False),
        sa.Column("undone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_plan_change_board_id_board"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_plan_change_draft_id_draft"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_plan_change_public_id")),
    )
    op.create_index("ix_plan_change_board", "plan_change", ["board_id", "at"])
    op.create_index(op.f("ix_plan_change_draft_id"), "plan_change", ["draft_id"])
    op.create_table(
        "specialty_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("specialties", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_specialty_group_board_id_board"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_specialty_group")),
        sa.UniqueConstraint("public_id", name=op.f("uq_specialty_group_public_id")),
        sa.UniqueConstraint("board_id", "name", name=op.f("uq_specialty_group_board_id")),
    )


def _create_weekly_hours() -> None:
    op.create_table(
        "weekly_hours",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("starts_local", sa.Time(), nullable=False),
        sa.Column("ends_local", sa.Time(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_weekly_hours_weekday")),
        sa.CheckConstraint("ends_local > starts_local", name=op.f("ck_weekly_hours_ends_after_start")),
        sa.CheckConstraint("kind IN ('busy', 'available')", name=op.f("ck_weekly_hours_kind")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_weekly_hours_member_id_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_hours")),
        sa.UniqueConstraint("public_id", name=op.f("uq_weekly_hours_public_id")),
    )
    op.create_index(op.f("ix_weekly_hours_member_id"), "weekly_hours", ["member_id"])


def downgrade() -> None:
    for table in ("weekly_hours", "specialty_group", "plan_change", "presence", "discussion"):
        op.drop_table(table)
    op.execute("UPDATE outbox_message SET state = 'waiting' WHERE state = 'held'")
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_index(op.f("ix_outbox_message_batch"))
        batch.drop_constraint(op.f("ck_outbox_message_state"), type_="check")
        batch.create_check_constraint(op.f("ck_outbox_message_state"), OLD_STATES)
        batch.drop_column("batch")
    op.drop_index(op.f("ix_meeting_calendar_id"), table_name="meeting")
    for table, column in reversed(ADDED):
        op.drop_column(table, column.name)
