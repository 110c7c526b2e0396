"""The centre: departments, specialties, members, their absences, and accounts."""

from __future__ import annotations

from datetime import date, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tumorboard.store.db import Base, Document, Instant, Key, Label, PublicId


class Centre(Base):
    """The one row that says whose database this is. A demo centre may be filled and emptied by the demo only.
    `settings` holds what counts for the whole centre, such as the pattern that case references keep to."""

    __tablename__ = "centre"

    id: Mapped[int] = mapped_column(primary_key=True)
    name_en: Mapped[Label]
    name_ko: Mapped[Label]
    is_demo: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[Document] = mapped_column(default=dict, server_default="{}")


class Department(Base):
    """A department or division of the hospital; it supplies specialties."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(unique=True)
    name_en: Mapped[Label]
    name_ko: Mapped[Label]
    specialties: Mapped[list[Specialty]] = relationship(back_populates="department", order_by="Specialty.key")


class Specialty(Base):
    """A specialty the centre has, by the id that programmes use."""

    __tablename__ = "specialty"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    name_en: Mapped[Label]
    name_ko: Mapped[Label]
    department: Mapped[Department] = relationship(back_populates="specialties")


class Member(Base):
    """A person on a board. The name is one field, family name first in Korean, never split.

    `most_calls_per_week` limits how many meetings of a week she is called in to; None for no limit. `preferences` are
    those of `domain/preferences.py`. `bounced_at` is when a letter to her address last came back.
    """

    __tablename__ = "member"
    __table_args__ = (CheckConstraint("most_calls_per_week > 0", name="most_calls"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    name: Mapped[Label]
    title: Mapped[Label] = mapped_column(default="")
    email: Mapped[Label] = mapped_column(unique=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"), index=True)
    language: Mapped[str] = mapped_column(String(5), default="ko")
    time_zone: Mapped[Key] = mapped_column(default="Asia/Seoul")
    active: Mapped[bool] = mapped_column(default=True)
    most_calls_per_week: Mapped[int | None]
    preferences: Mapped[Document] = mapped_column(default=dict, server_default="{}")
    bounced_at: Mapped[Instant | None]
    department: Mapped[Department] = relationship()
    specialties: Mapped[list[MemberSpecialty]] = relationship(
        back_populates="member", cascade="all, delete-orphan", order_by="MemberSpecialty.specialty"
    )
    certificates: Mapped[list[MemberCertificate]] = relationship(
        back_populates="member", cascade="all, delete-orphan", order_by="MemberCertificate.certificate"
    )
    deputies: Mapped[list[Deputy]] = relationship(
        cascade="all, delete-orphan", order_by="Deputy.rank", foreign_keys="Deputy.member_id"
    )
    absences: Mapped[list[Absence]] = relationship(
        back_populates="member", cascade="all, delete-orphan", order_by="Absence.starts_at"
    )


class MemberSpecialty(Base):
    """A member holds a specialty."""

    __tablename__ = "member_specialty"
    __table_args__ = (UniqueConstraint("member_id", "specialty"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    specialty: Mapped[Key] = mapped_column(ForeignKey("specialty.key"), index=True)
    member: Mapped[Member] = relationship(back_populates="specialties")


class MemberCertificate(Base):
    """A member is certified, for example to give chemotherapy."""

    __tablename__ = "member_certificate"
    __table_args__ = (UniqueConstraint("member_id", "certificate"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    certificate: Mapped[Key]
    member: Mapped[Member] = relationship(back_populates="certificates")


class Deputy(Base):
    """Who is asked when a member cannot come, in the order of `rank`."""

    __tablename__ = "deputy"
    __table_args__ = (
        UniqueConstraint("member_id", "deputy_id"),
        CheckConstraint("member_id <> deputy_id", name="not_oneself"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int] = mapped_column(default=0)
    deputy: Mapped[Member] = relationship(foreign_keys=[deputy_id])


class Absence(Base):
    """When a member cannot come: `absence` (leave, congress) or `busy` (a clinic, an operation). No reason is kept."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("kind IN ('absence', 'busy')", name="kind"),
        Index("ix_absence_member_time", "member_id", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    kind: Mapped[str] = mapped_column(String(10), default="absence")
    member: Mapped[Member] = relationship(back_populates="absences")


class WeeklyHours(Base):
    """What repeats in a member's week, in wall-clock time: `busy` (a clinic) or `available` (an exception that counts
    although a source says busy). Weekday (Monday = 0), local times, IANA zone, first and last day."""

    __tablename__ = "weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("ends_local > starts_local", name="ends_after_start"),
        CheckConstraint("kind IN ('busy', 'available')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="busy")
    weekday: Mapped[int]
    starts_local: Mapped[time]
    ends_local: Mapped[time]
    time_zone: Mapped[Key]
    first_on: Mapped[date]
    last_on: Mapped[date | None]
    member: Mapped[Member] = relationship()


class Account(Base):
    """A log-in. It may belong to a member; its roles say what it may do."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    email: Mapped[Label] = mapped_column(unique=True)
    name: Mapped[Label]
    password_hash: Mapped[Label]
    language: Mapped[str] = mapped_column(String(5), default="")
    time_zone: Mapped[Key] = mapped_column(default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("member.id"), unique=True)
    session_key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    last_login_at: Mapped[Instant | None]
    preferences: Mapped[Document] = mapped_column(default=dict, server_default="{}")
    member: Mapped[Member | None] = relationship()
    roles: Mapped[list[AccountRole]] = relationship(cascade="all, delete-orphan", order_by="AccountRole.role")
    tokens: Mapped[list[ApiToken]] = relationship(cascade="all, delete-orphan", back_populates="account")


class AccountRole(Base):
    """An account has a role."""

    __tablename__ = "account_role"
    __table_args__ = (UniqueConstraint("account_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    role: Mapped[Key]


class ApiToken(Base):
    """A secret with which a program speaks for an account; only its hash is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[PublicId]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    label: Mapped[Label]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    account: Mapped[Account] = relationship(back_populates="tokens")
