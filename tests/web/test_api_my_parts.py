"""A member's own windows over the API, and the deputy she sends."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.builders import CORE, SURGEON, member_id
from tests.replies import invitation
from tests.web.conftest import Program
from tumorboard.services.access import Role


def test_own_windows_have_their_cases_without_a_way_to_them(published: Session, surgeon: Program) -> None:
    row = invitation(published, SURGEON)

    listed = surgeon.get("/my-parts").get_json()

    (part,) = listed["items"]
    assert (part["invitation"], part["meeting"], part["answer"]) == (row.public_id, row.meeting.public_id, row.answer)
    assert [(case["reference"], case["id"]) for case in part["cases"]] == [("C-2", None)]
    assert (part["stand_in"], listed["total"]) == (None, 1)


def test_deputy_is_one_of_those_offered(published: Session, surgeon: Program) -> None:
    mine, hers = invitation(published, SURGEON).public_id, invitation(published, CORE["radiology"]).public_id
    somebody = {"deputy": member_id(published, CORE["pathology"])}

    answers = [surgeon.post(f"/invitations/{one}/delegate", somebody) for one in (mine, hers, "a" * 16)]

    assert [(one.status_code, one.get_json()["code"]) for one in answers] == [
        (422, "not-a-deputy"), (403, "not-allowed"), (403, "not-allowed"),
    ]  # fmt: skip


def test_auditor_has_no_windows_and_sends_nobody(published: Session, program: Callable[[Role], Program]) -> None:
    auditor, mine = program(Role.AUDITOR), invitation(published, SURGEON).public_id

    sent = auditor.post(f"/invitations/{mine}/delegate", {"deputy": "a" * 16})

    assert auditor.get("/my-parts").get_json() == {"items": [], "total": 0}
    assert sent.status_code == 403
