"""What counts for the whole centre: the pattern that case references keep to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.references import ReferencePattern, read_pattern
from tumorboard.services import transaction
from tumorboard.services.access import Actor, Permission, require
from tumorboard.services.audit import record
from tumorboard.store.people import Centre


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """`reference_pattern` as in `domain.references`, empty where references may be anything."""

    reference_pattern: str = ""

    @property
    def references(self) -> ReferencePattern | None:
        """The pattern ready for use, None where anything is allowed."""
        return read_pattern(self.reference_pattern)


def check_centre_settings(values: Mapping[str, object]) -> CentreSettings:
    """The settings of a centre file or of a form, defaults for what is not given.

    Raises BadInput `bad-centre-setting` for an unknown name or a value that is no text, and `bad-reference-pattern`.
    """
    known = [each.name for each in fields(CentreSettings)]
    for name, value in values.items():
        if name not in known:
            raise BadInput(
                f"'{name}' is no setting of a centre; known: {', '.join(known)}", code="bad-centre-setting", field=name
            )
        if not isinstance(value, str):
            raise BadInput(f"'{name}' is a text, as in \"C-####\"", code="bad-centre-setting", field=name)
    settings = CentreSettings(**{name: str(value).strip() for name, value in values.items()})
    pattern = settings.references
    return CentreSettings(reference_pattern=pattern.text if pattern else "")


def look_up_centre(session: Session) -> Centre | None:
    """The centre; None before the first start."""
    return session.scalar(select(Centre))


def centre_settings(session: Session) -> CentreSettings:
    """What holds now, for other use cases."""
    row = look_up_centre(session)
    stored = (row.settings or {}) if row is not None else {}
    return CentreSettings(**{each.name: str(stored.get(each.name, "")) for each in fields(CentreSettings)})


def read_centre_settings(session: Session, *, by: Actor) -> CentreSettings:
    """What holds now, for who belongs to the centre."""
    require(by, Permission.BOARD_READ)
    return centre_settings(session)


def change_centre_settings(
    session: Session, *, values: Mapping[str, object], by: Actor, now: datetime
) -> tuple[str, ...]:
    """Change what is named; gives the names of those that are new.

    Cases that are known already keep their references; new ones and imports keep to the pattern. Raises BadInput as
    `check_centre_settings`, NotFound `no-centre` before a centre is set up.
    """
    require(by, Permission.CENTRE_EDIT)
    with transaction(session):
        row = look_up_centre(session)
        if row is None:
            raise NotFound("there is no centre yet; load a centre file first", code="no-centre")
        before = asdict(centre_settings(session))
        after = asdict(check_centre_settings({**before, **values}))
        changed = tuple(name for name in before if before[name] != after[name])
        if changed:
            store_settings(row, CentreSettings(**after))
            new = {name: after[name] for name in changed}
            record(session, by=by, now=now, action="centre:settings", subject=("centre", "1"), changed=new)
    return changed


def store_settings(row: Centre, settings: CentreSettings) -> None:
    """Write settings into the centre's row; what others keep there stays."""
    row.settings = {**(row.settings or {}), **asdict(settings)}
