"""Cases, their readiness and their waivers. There is no column for a name or a resident registration number."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId


class Case(Base):
    """A matter for discussion, known by its local reference.

    `facts` holds the normalised fields of the programme, `sources` the source columns kept as they came, `flags` the
    remarks of the data rules. `fixed_at` is the instant at which the case must begin, where somebody asked for one
    (a guest from outside, say). `urgency` and `minutes` repeat the assessment so that lists can sort by them.
    """

    __tablename__ = "patient_case"
    __table_args__ = (
        UniqueConstraint("program", "reference"),
        CheckConstraint("status IN ('waiting', 'scheduled', 'done', 'withdrawn')", name="status"),
        Index("ix_patient_case_status", "status", "program"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    program: Mapped[Key]
    reference: Mapped[str] = mapped_column(String(80))
    facts: Mapped[Document]
    sources: Mapped[Document]
    flags: Mapped[Document]
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    urgency: Mapped[str] = mapped_column(String(12))
    referred_at: Mapped[Instant]
    fixed_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column()
    readiness: Mapped[list[ReadinessItem]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="ReadinessItem.item"
    )
    waivers: Mapped[list[CaseWaiver]] = relationship(
        back_populates="case", cascade="all, delete-orphan", order_by="CaseWaiver.specialty"
    )

    __mapper_args__ = {"version_id_col": version}


class ReadinessItem(Base):
    """What is noted about one readiness item of one case."""

    __tablename__ = "readiness_item"
    __table_args__ = (UniqueConstraint("case_id", "item"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("patient_case.id", ondelete="CASCADE"))
    item: Mapped[Key]
    reported_on: Mapped[date | None]
    expected_on: Mapped[date | None]
    not_applicable_by: Mapped[str | None] = mapped_column(String(200))
    owed_by: Mapped[str | None] = mapped_column(String(200))
    owed_since: Mapped[date | None]
    case: Mapped[Case] = relationship(back_populates="readiness")


class CaseWaiver(Base):
    """A named physician waived a need, with a reason; kept when it is withdrawn."""

    __tablename__ = "waiver"
    __table_args__ = (UniqueConstraint("case_id", "specialty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("patient_case.id", ondelete="CASCADE"))
    specialty: Mapped[Key]
    by_name: Mapped[Label]
    because: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]
    case: Mapped[Case] = relationship(back_populates="waivers")


class PendingImport(Base):
    """An uploaded case list between preview and confirmation; removed when it is imported, or after a day.

    While it is read or imported, `status` and `progress` (stage, rows done, rows in all) say how far it is; `beat_at`
    is the last sign of life, `problem` the code of what went wrong.
    """

    __tablename__ = "pending_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    program: Mapped[Key]
    suffix: Mapped[str] = mapped_column(String(10))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    uploaded_by: Mapped[Label]
    uploaded_at: Mapped[Instant] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(String(12), default="uploaded", server_default="uploaded")
    progress: Mapped[Document] = mapped_column(default=dict, server_default="{}")
    is_cancel_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    beat_at: Mapped[Instant | None]
    problem: Mapped[Key] = mapped_column(default="", server_default="")


class DoneImport(Base):
    """What an import changed, for a day, so that it can be taken back.

    `cases` holds by public id the `version` of the row after the import and what it held `before`: facts, sources,
    flags, urgency, time of referral, days of reports; None for a new case.
    """

    __tablename__ = "done_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    program: Mapped[Key]
    imported_by: Mapped[Label]
    imported_at: Mapped[Instant] = mapped_column(index=True)
    cases: Mapped[Document]
