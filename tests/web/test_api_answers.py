"""Answers over the API: list, accept, decline, dismiss, believe, answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from tests.builders import CORE, OPERATOR, SURGEON
from tests.replies import a_reply, invitation
from tests.web.conftest import Program
from tumorboard.services.answers import receive_message

DAY = timedelta(days=1)


def receive(app: Flask, session: Session, partstat: str = "TENTATIVE", **changes: object) -> str:
    row = invitation(session, SURGEON)
    content = a_reply(row, partstat, **changes)  # type: ignore[arg-type]
    setup = app.extensions["tumorboard"]
    return receive_message(session, setup, content=content, by=OPERATOR, now=datetime.now(UTC)).id


def propose(app: Flask, session: Session) -> str:
    row = invitation(session, SURGEON)
    return receive(app, session, method="COUNTER", span=(row.starts_at + DAY, row.ends_at + DAY), comment="theatre")


def test_list_has_every_field_of_a_message(app: Flask, published: Session, coordinator: Program) -> None:
    message = propose(app, published)
    row = invitation(published, SURGEON)

    listed = coordinator.get("/answers?state=open").get_json()

    assert (listed["total"], [one["id"] for one in listed["items"]]) == (1, [message])
    one = listed["items"][0]
    assert (one["effect"], one["state"], one["reason"], one["comment"]) == ("proposal", "open", "", "theatre")
    assert (one["member"]["name"], one["meeting"]) == ("Jung", row.meeting.public_id)
    assert datetime.fromisoformat(one["proposed_start"]) == row.starts_at + DAY


def test_proposal_is_accepted_and_a_second_time_refused(app: Flask, published: Session, coordinator: Program) -> None:
    message = propose(app, published)

    first, second = (coordinator.post(f"/answers/{message}/accept") for _ in range(2))

    assert (first.status_code, first.get_json()["letters"]) == (200, 6)
    assert (second.status_code, second.get_json()["code"]) == (409, "message-closed")


def test_proposal_is_declined(app: Flask, published: Session, coordinator: Program) -> None:
    response = coordinator.post(f"/answers/{propose(app, published)}/decline")

    assert (response.status_code, response.get_json()) == (200, {"told": True})


def test_forged_answer_is_believed_or_dismissed(app: Flask, published: Session, coordinator: Program) -> None:
    believed = receive(app, published, "ACCEPTED", sender="jung@home.example")
    dismissed = receive(app, published, "DECLINED", sender="eve@elsewhere.example")

    statuses = (
        coordinator.post(f"/answers/{believed}/believe").status_code,
        coordinator.post(f"/answers/{dismissed}/dismiss").status_code,
    )

    published.rollback()
    assert (statuses, invitation(published, SURGEON).answer) == ((204, 204), "accepted")


def test_member_answers_for_herself_and_the_coordinator_for_all(
    published: Session, coordinator: Program, surgeon: Program
) -> None:
    mine, hers = invitation(published, SURGEON), invitation(published, CORE["radiology"])
    said = {"answer": "accepted", "comment": "gladly"}

    own = surgeon.post(f"/invitations/{mine.public_id}/answer", said)
    foreign = surgeon.post(f"/invitations/{hers.public_id}/answer", said)
    by_phone = coordinator.post(f"/invitations/{hers.public_id}/answer", {"answer": "tentative", "on_behalf": True})
    listed = coordinator.get(f"/meetings/{mine.meeting.public_id}/invitations").get_json()

    assert [own.status_code, foreign.status_code, by_phone.status_code] == [200, 403, 200]
    answers = {one["member"]["name"]: (one["answer"], one["answered_by"], one["comment"]) for one in listed["items"]}
    assert (answers["Jung"], answers["Park"]) == (("accepted", "page", "gladly"), ("tentative", "coordinator", ""))


def test_other_peoples_invitations_and_missing_ones_are_refused_alike(published: Session, surgeon: Program) -> None:
    hers = invitation(published, CORE["radiology"]).public_id

    answers = [surgeon.post(f"/invitations/{one}/answer", {"answer": "accepted"}) for one in (hers, "a" * 16)]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].get_json() | {"instance": ""} == answers[1].get_json() | {"instance": ""}


def test_surgeon_sees_no_messages(published: Session, surgeon: Program) -> None:
    row = invitation(published, SURGEON)

    statuses = [
        surgeon.get("/answers").status_code,
        surgeon.get(f"/meetings/{row.meeting.public_id}/invitations").status_code,
        surgeon.post(f"/answers/{'a' * 16}/accept").status_code,
    ]

    assert statuses == [403, 403, 403]


def test_unknown_things_are_not_found(coordinator: Program) -> None:
    unknown = "a" * 16

    responses = [
        coordinator.post(f"/answers/{unknown}/accept"),
        coordinator.post(f"/invitations/{unknown}/answer", {"answer": "accepted", "on_behalf": True}),
        coordinator.get(f"/meetings/{unknown}/invitations"),
    ]

    assert [(one.status_code, one.get_json()["code"]) for one in responses] == [
        (404, "unknown-message"), (404, "unknown-invitation"), (404, "unknown-meeting")
    ]  # fmt: skip
