"""Standing invitations, incoming messages, busy times read from elsewhere, preferences, levels of detail of feeds.

Columns of tables with children are added in place, never by copying the table: on SQLite that would take its children
along. Letters and feeds have none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from tumorboard.store.db import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SCOPES = "scope IN ('member', 'board', 'department', 'free_busy', 'deadlines')"
OLD_SCOPES = "scope IN ('member', 'board', 'department')"
DETAILS = "detail IN ('busy', 'board', 'place', 'full')"
INVITATION_COLUMNS = (
    ("answer_stamp", UTCDateTime(), None),
    ("answer_by", sa.String(length=12), ""),
    ("comment", sa.String(length=2000), ""),
    ("asked_at", UTCDateTime(), None),
    ("reminded_at", UTCDateTime(), None),
    ("escalated_at", UTCDateTime(), None),
)


def upgrade() -> None:
    _create_standing()
    _create_inbound()
    _create_busy()
    for name, kind, default in INVITATION_COLUMNS:
        op.add_column("invitation", sa.Column(name, kind, server_default=default, nullable=default is None))
    op.execute("UPDATE invitation SET asked_at = stamp")
    for table in ("member", "account"):
        op.add_column(table, sa.Column("preferences", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("member", sa.Column("bounced_at", UTCDateTime(), nullable=True))
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("meeting_id", existing_type=sa.Integer(), nullable=True)
        batch.alter_column("method", existing_type=sa.String(length=10), type_=sa.String(length=20))
    with op.batch_alter_table("feed_token") as batch:
        batch.add_column(sa.Column("detail", sa.String(length=10), server_default="full", nullable=False))
        batch.drop_constraint(op.f("ck_feed_token_scope"), type_="check")
        batch.create_check_constraint(op.f("ck_feed_token_scope"), SCOPES)
        batch.create_check_constraint(op.f("ck_feed_token_detail"), DETAILS)
    with op.batch_alter_table("feed_document") as batch:
        batch.add_column(sa.Column("detail", sa.String(length=10), server_default="full", nullable=False))
        batch.add_column(sa.Column("compressed", sa.LargeBinary(), nullable=True))
        batch.drop_constraint(op.f("uq_feed_document_scope"), type_="unique")
        batch.create_unique_constraint(op.f("uq_feed_document_scope"), ["scope", "subject_id", "detail"])


def _create_standing() -> None:
    op.create_table(
        "standing_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stamp", UTCDateTime(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=12), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("answer_stamp", UTCDateTime(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_standing_invitation_ends_after_start")),
        sa.CheckConstraint(
            "status IN ('invited', 'withdrawn', 'cancelled')", name=op.f("ck_standing_invitation_status")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_standing_invitation_series_id_series"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_standing_invitation_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_invitation")),
        sa.UniqueConstraint("public_id", name=op.f("uq_standing_invitation_public_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_standing_invitation_uid")),
        sa.UniqueConstraint("series_id", "member_id", "starts_at", name=op.f("uq_standing_invitation_series_id")),
    )
    op.create_index(op.f("ix_standing_invitation_member_id"), "standing_invitation", ["member_id"])
    op.create_table(
        "standing_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("standing_id", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("recurrence_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["standing_id"], ["standing_invitation.id"],
            name=op.f("fk_standing_place_standing_id_standing_invitation"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_standing_place_invitation_id_invitation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_place")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_standing_place_invitation_id")),
        sa.UniqueConstraint("standing_id", "recurrence_at", name=op.f("uq_standing_place_standing_id")),
    )  # fmt: skip


def _create_inbound() -> None:
    op.create_table(
        "inbound_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.String(length=300), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("stamp", UTCDateTime(), nullable=True),
        sa.Column("effect", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=True),
        sa.Column("meeting_id", sa.Integer(), nullable=True),
        sa.Column("partstat", sa.String(length=64), nullable=False),
        sa.Column("recurrence_at", UTCDateTime(), nullable=True),
        sa.Column("proposed_start", UTCDateTime(), nullable=True),
        sa.Column("proposed_end", UTCDateTime(), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("comment", sa.String(length=2000), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('done', 'open', 'accepted', 'declined', 'dismissed')", name=op.f("ck_inbound_message_state")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_inbound_message_member_id_member")),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_inbound_message_meeting_id_meeting"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbound_message_public_id")),
        sa.UniqueConstraint("digest", name=op.f("uq_inbound_message_digest")),
    )
    op.create_index("ix_inbound_message_state", "inbound_message", ["state", "received_at"])
    op.create_index(op.f("ix_inbound_message_member_id"), "inbound_message", ["member_id"])
    op.create_index(op.f("ix_inbound_message_meeting_id"), "inbound_message", ["meeting_id"])


def _create_busy() -> None:
    op.create_table(
        "busy_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=20), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=1000), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.String(length=300), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("read_from", UTCDateTime(), nullable=True),
        sa.Column("read_until", UTCDateTime(), nullable=True),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("problem", sa.String(length=64), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('upload', 'url', 'folder')", name=op.f("ck_busy_source_kind")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_busy_source_member_id_member"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busy_source")),
        sa.UniqueConstraint("public_id", name=op.f("uq_busy_source_public_id")),
        sa.UniqueConstraint("member_id", "kind", "address", name=op.f("uq_busy_source_member_id")),
    )
    op.create_index(op.f("ix_busy_source_member_id"), "busy_source", ["member_id"])
    op.create_table(
        "busy_interval",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("is_tentative", sa.Boolean(), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_busy_interval_ends_after_start")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["busy_source.id"], name=op.f("fk_busy_interval_source_id_busy_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busy_interval")),
    )
    op.create_index("ix_busy_interval_source_time", "busy_interval", ["source_id", "starts_at"])


def downgrade() -> None:
    op.execute("DELETE FROM feed_document WHERE detail <> 'full' OR scope IN ('free_busy', 'deadlines')")
    op.execute("DELETE FROM feed_token WHERE scope IN ('free_busy', 'deadlines')")
    op.execute("DELETE FROM outbox_message WHERE meeting_id IS NULL OR length(method) > 10")
    with op.batch_alter_table("feed_document") as batch:
        batch.drop_constraint(op.f("uq_feed_document_scope"), type_="unique")
        batch.create_unique_constraint(op.f("uq_feed_document_scope"), ["scope", "subject_id"])
        batch.drop_column("compressed")
        batch.drop_column("detail")
    with op.batch_alter_table("feed_token") as batch:
        batch.drop_constraint(op.f("ck_feed_token_detail"), type_="check")
        batch.drop_constraint(op.f("ck_feed_token_scope"), type_="check")
        batch.create_check_constraint(op.f("ck_feed_token_scope"), OLD_SCOPES)
        batch.drop_column("detail")
    with op.batch_alter_table("outbox_message") as batch:
        batch.alter_column("method", existing_type=sa.String(length=20), type_=sa.String(length=10))
        batch.alter_column("meeting_id", existing_type=sa.Integer(), nullable=False)
    op.drop_column("member", "bounced_at")
    for table in ("account", "member"):
        op.drop_column(table, "preferences")
    for name, _, _ in reversed(INVITATION_COLUMNS):
        op.drop_column("invitation", name)
    for table in ("busy_interval", "busy_source", "inbound_message", "standing_place", "standing_invitation"):
        op.drop_table(table)
