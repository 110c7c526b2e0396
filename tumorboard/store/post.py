"""Outgoing post, stored feeds and the record of what happened."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId
from tumorboard.store.people import Member


class OutboxMessage(Base):
    """A finished letter. Its bytes, Message-ID, UID and SEQUENCE are fixed in the transaction of the change, so that a
    letter sent twice is the same letter. `member_id` is None for a digest to an account of its own, `meeting_id` for a
    letter about several meetings or none. `batch` is what letters sent together share; a coordinator may hold the rest
    of a batch (`held`) and let it go later."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'superseded', 'dead', 'held')", name="state"),
        Index("ix_outbox_message_due", "state", "due_at"),
        Index("ix_outbox_message_order", "recipient", "uid", "sequence"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    message_id: Mapped[str] = mapped_column(String(250), unique=True)
    recipient: Mapped[Label]
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    meeting_id: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), index=True)
    uid: Mapped[str] = mapped_column(String(200))
    sequence: Mapped[int]
    method: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(300))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    batch: Mapped[Key] = mapped_column(default="", server_default="", index=True)
    due_at: Mapped[Instant]
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    member: Mapped[Member | None] = relationship()


class PostRound(Base):
    """When letters were last looked at: the one row in which the process that sends them shows that it lives."""

    __tablename__ = "post_round"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant]


class FeedToken(Base):
    """A secret feed address. Only the hash is kept; `hint` are its last four characters, for people.

    `subject_id` is the member's, board's or department's row; `free_busy` is of a member, `deadlines` of a board.
    `detail` says how much the holder wants others to read: `busy`, `board`, `place` or `full`.
    """

    __tablename__ = "feed_token"
    __table_args__ = (
        CheckConstraint("scope IN ('member', 'board', 'department', 'free_busy', 'deadlines')", name="scope"),
        CheckConstraint("detail IN ('busy', 'board', 'place', 'full')", name="detail"),
        Index("ix_feed_token_subject", "scope", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    scope: Mapped[Key]
    subject_id: Mapped[int]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(4))
    detail: Mapped[str] = mapped_column(String(10), default="full", server_default="full")
    created_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]


class FeedDocument(Base):
    """A feed as it leaves: rendered in the transaction of the change, one row per subject and level of detail."""

    __tablename__ = "feed_document"
    __table_args__ = (UniqueConstraint("scope", "subject_id", "detail"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[Key]
    subject_id: Mapped[int]
    detail: Mapped[str] = mapped_column(String(10), default="full", server_default="full")
    content: Mapped[bytes] = mapped_column(LargeBinary)
    compressed: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str] = mapped_column(String(64))
    modified_at: Mapped[Instant]


class AuditEvent(Base):
    """Who did what to what, when. Rows are only ever added; `detail` holds ids and codes, never case facts."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject", "subject_kind", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[Instant] = mapped_column(index=True)
    actor: Mapped[Label]
    action: Mapped[Key]
    subject_kind: Mapped[Key]
    subject_id: Mapped[Key]
    detail: Mapped[Document]
