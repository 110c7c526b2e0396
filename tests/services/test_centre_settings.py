"""The centre's pattern of references: set by file and by hand, kept to by imports and referrals."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.builders import OPERATOR, PROGRAM, a_case_csv, a_case_row, a_centre, case_id
from tests.services.conftest import NOW
from tumorboard.domain.errors import BadInput, NotAllowed, NotFound
from tumorboard.services.access import Role, actor_with
from tumorboard.services.case_lists import ImportReport, import_cases, preview_import
from tumorboard.services.cases import change_case, refer_case
from tumorboard.services.centre import load_centre
from tumorboard.services.centre_settings import CentreSettings, change_centre_settings, read_centre_settings
from tumorboard.services.setup import Setup
from tumorboard.store.cases import Case
from tumorboard.store.people import Centre
from tumorboard.store.post import AuditEvent

COORDINATOR = actor_with("coordinator", frozenset({Role.ADMINISTRATOR, Role.COORDINATOR}))


def set_pattern(session: Session, pattern: str) -> tuple[str, ...]:
    return change_centre_settings(session, values={"reference_pattern": pattern}, by=OPERATOR, now=NOW)


def preview(session: Session, setup: Setup, *references: str) -> ImportReport:
    content = a_case_csv([a_case_row(each, on=setup.today(NOW)) for each in references])
    return preview_import(
        session, setup, program=PROGRAM, content=content, filename="cases.csv", by=COORDINATOR, now=NOW
    )


def load(session: Session, setup: Setup, **parts: object) -> None:
    load_centre(session, setup, {**a_centre(), **parts}, filename="centre.toml", by=OPERATOR, now=NOW)


def test_any_reference_is_allowed_without_a_pattern(centre: Session, setup: Setup) -> None:
    report = preview(centre, setup, "C-9", "whatever 7 is")

    assert read_centre_settings(centre, by=COORDINATOR) == CentreSettings()
    assert [row.action for row in report.rows] == ["created", "created"]


def test_import_refuses_rows_that_do_not_keep_to_the_pattern(centre: Session, setup: Setup) -> None:
    set_pattern(centre, "C-####")

    report = preview(centre, setup, "C-0009", "C-9")
    content = a_case_csv([a_case_row(each, on=setup.today(NOW)) for each in ("C-0009", "C-9")])
    import_cases(centre, setup, program=PROGRAM, content=content, filename="x.csv", by=COORDINATOR, now=NOW)

    assert [row.action for row in report.rows] == ["created", "refused"]
    assert [problem.code for problem in report.problems] == ["reference-pattern"]
    assert sorted(centre.scalars(select(Case.reference))) == ["C-0009", "C-1", "C-2", "C-3"]


def test_referral_refuses_it_at_its_field(centre: Session, setup: Setup) -> None:
    set_pattern(centre, "C-####")

    with pytest.raises(BadInput) as refusal:
        refer_case(centre, setup, program=PROGRAM, cells={"reference": "9"}, by=COORDINATOR, now=NOW)
    made = refer_case(centre, setup, program=PROGRAM, cells={"reference": "C-0009"}, by=COORDINATOR, now=NOW)

    assert (refusal.value.code, refusal.value.values["field"]) == ("reference-pattern", "reference")
    assert refusal.value.values["pattern"] == "C-####"
    assert made.reference == "C-0009"


def test_case_from_before_stays_and_can_be_changed(centre: Session, setup: Setup) -> None:
    set_pattern(centre, "G##-####")

    changed = change_case(centre, setup, case_id=case_id(centre, "C-1"), cells={"ecog": "1"}, by=COORDINATOR, now=NOW)

    assert changed.reference == "C-1"


def test_name_is_refused_in_the_preview(centre: Session, setup: Setup) -> None:
    report = preview(centre, setup, "김민지", "Kim Minji")

    assert [row.action for row in report.rows] == ["refused", "refused"]
    assert [problem.code for problem in report.problems] == ["reference-like-a-name"] * 2


def test_change_is_recorded_once_and_can_be_taken_back(any_centre: Session) -> None:
    first, again, back = (set_pattern(any_centre, each) for each in ("C-#### ", "C-####", ""))

    assert (first, again, back) == (("reference_pattern",), (), ("reference_pattern",))
    events = any_centre.scalars(select(AuditEvent).where(AuditEvent.action == "centre:settings"))
    assert [each.detail["changed"] for each in events] == [
        {"reference_pattern": "C-####"}, {"reference_pattern": ""},
    ]  # fmt: skip


def test_what_others_keep_in_the_settings_stays(centre: Session) -> None:
    row = centre.scalars(select(Centre)).one()
    row.settings = {"something_else": 7}
    centre.commit()

    set_pattern(centre, "C-##")

    centre.expire_all()
    assert centre.scalars(select(Centre)).one().settings == {"something_else": 7, "reference_pattern": "C-##"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"reference_pattern": "(a+)+#"}, "bad-reference-pattern"),
        ({"reference_pattern": 7}, "bad-centre-setting"),
        ({"volume": "11"}, "bad-centre-setting"),
    ],
)
def test_wrong_setting_is_refused(centre: Session, values: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as refusal:
        change_centre_settings(centre, values=values, by=OPERATOR, now=NOW)

    assert refusal.value.code == code
    assert read_centre_settings(centre, by=OPERATOR) == CentreSettings()


def test_only_who_edits_the_centre_changes_it(centre: Session) -> None:
    with pytest.raises(NotAllowed):
        change_centre_settings(centre, values={}, by=actor_with("physician", frozenset({Role.PHYSICIAN})), now=NOW)


def test_setting_needs_a_centre(session: Session) -> None:
    with pytest.raises(NotFound, match="load a centre file"):
        set_pattern(session, "C-####")


def test_centre_file_sets_the_pattern_and_leaves_it_without_a_word(session: Session, setup: Setup) -> None:
    load(session, setup, settings={"reference_pattern": "C-####"})
    load(session, setup)

    assert read_centre_settings(session, by=OPERATOR) == CentreSettings("C-####")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("C-####", "write the settings as a table"),
        ({"pattern": "C-####"}, "'pattern' is no setting of a centre; known: reference_pattern"),
        ({"reference_pattern": "@@"}, "without #"),
    ],
)
def test_mistake_in_the_centre_file_is_named(session: Session, setup: Setup, settings: object, words: str) -> None:
    with pytest.raises(BadInput, match="centre.toml, settings: ") as refusal:
        load(session, setup, settings=settings)

    assert words in str(refusal.value)
