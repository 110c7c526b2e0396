"""Who may do what: the one permission map. Every use case asks it, so every door obeys."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tumorboard.domain.errors import NotAllowed


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    COORDINATOR = "coordinator"
    CHAIR = "chair"
    PHYSICIAN = "physician"
    SURGEON = "surgeon"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """`noun:verb`."""

    ABSENCE_EDIT_ANY = "absence:edit-any"
    ABSENCE_EDIT_OWN = "absence:edit-own"
    ACCOUNT_EDIT = "account:edit"
    ANSWER_DECIDE = "answer:decide"
    ANSWER_OWN = "answer:own"
    AUDIT_READ = "audit:read"
    BOARD_READ = "board:read"
    CASE_EDIT = "case:edit"
    CASE_EXPORT = "case:export"
    CASE_IMPORT = "case:import"
    CASE_READ = "case:read"
    CENTRE_EDIT = "centre:edit"
    FEED_OWN = "feed:own"
    FEED_SHARED = "feed:shared"
    MEETING_CALL = "meeting:call"
    MEETING_EDIT = "meeting:edit"
    MEETING_RECORD = "meeting:record"
    MEETING_SIGN = "meeting:sign"
    NEED_WAIVE = "need:waive"
    OUTBOX_READ = "outbox:read"
    PEOPLE_READ = "people:read"
    PLAN_EDIT = "plan:edit"
    PLAN_PUBLISH = "plan:publish"
    PREFERENCES_EDIT_ANY = "preferences:edit-any"
    REPORT_READ = "report:read"
    PRESENCE_OWN = "presence:own"


P = Permission
_MEMBER = frozenset({
    P.ABSENCE_EDIT_OWN, P.ANSWER_OWN, P.BOARD_READ, P.CASE_READ, P.FEED_OWN, P.PEOPLE_READ, P.PRESENCE_OWN,
})  # fmt: skip
_COORDINATOR = _MEMBER | {
    P.CASE_EXPORT, P.REPORT_READ,
    P.ABSENCE_EDIT_ANY, P.ANSWER_DECIDE, P.CASE_EDIT, P.CASE_IMPORT, P.FEED_SHARED, P.MEETING_CALL, P.MEETING_EDIT,
    P.MEETING_RECORD, P.MEETING_SIGN, P.OUTBOX_READ, P.PLAN_EDIT, P.PLAN_PUBLISH,
    P.PREFERENCES_EDIT_ANY,
}  # fmt: skip

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset({P.ACCOUNT_EDIT, P.BOARD_READ, P.CENTRE_EDIT, P.OUTBOX_READ, P.PEOPLE_READ,
                                   P.MEETING_EDIT, P.ABSENCE_EDIT_ANY, P.REPORT_READ, P.PREFERENCES_EDIT_ANY}),
    Role.COORDINATOR: _COORDINATOR | {P.CENTRE_EDIT},
    Role.CHAIR: _COORDINATOR | {P.NEED_WAIVE},
    Role.PHYSICIAN: _MEMBER | {P.MEETING_CALL, P.MEETING_RECORD, P.NEED_WAIVE, P.REPORT_READ},
    Role.SURGEON: frozenset({P.ABSENCE_EDIT_OWN, P.ANSWER_OWN, P.BOARD_READ, P.FEED_OWN, P.PEOPLE_READ,
                             P.PRESENCE_OWN}),
    Role.AUDITOR: frozenset({P.AUDIT_READ, P.BOARD_READ, P.PEOPLE_READ, P.OUTBOX_READ, P.REPORT_READ}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person with an account, or a named job or operator. `member_id` is the public id of her member row.

    `name` stands in the audit trail.
    """

    name: str
    permissions: frozenset[Permission]
    account_id: int | None = None
    member_id: str | None = None

    def may(self, permission: Permission) -> bool:
        """True when one of the actor's roles grants it."""
        return permission in self.permissions


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that grant a permission."""
    return tuple(role for role, granted in GRANTS.items() if permission in granted)


def actor_with(name: str, roles: frozenset[Role], **kwargs: object) -> Actor:
    """An actor with the permissions of the roles."""
    granted = frozenset[Permission]().union(*(GRANTS[role] for role in roles)) if roles else frozenset[Permission]()
    return Actor(name=name, permissions=granted, **kwargs)  # type: ignore[arg-type]


def operator(name: str) -> Actor:
    """The operating-system user or a job: may do everything, under its name."""
    return Actor(name=name, permissions=frozenset(Permission))


def require(by: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless the actor has the permission."""
    if not by.may(permission):
        raise NotAllowed(f"this needs the permission {permission}; ask an administrator", permission=str(permission))
