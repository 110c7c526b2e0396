"""Runs: look how far a proposal is, and stop it."""

from __future__ import annotations

from typing import Any

from tumorboard.services import runs
from tumorboard.web.api.door import Door
from tumorboard.web.auth import current_actor, database, utc_now
from tumorboard.web.schemas.runs import RunAnswer, StopAsk, present_run

door = Door("runs", description="Proposals being made, each by a process of its own")


@door.get("/runs/<public_id:run_id>")
@door.response(200, RunAnswer)
def read_run(run_id: str) -> dict[str, Any]:
    """Look how far a run is

    When its status is `done`, `draft` is the id of the proposal. Asking once a second is often enough.
    """
    return present(run_id)


@door.post("/runs/<public_id:run_id>/stop")
@door.arguments(StopAsk)
@door.response(202, RunAnswer)
def stop_run(asked: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Stop a run

    With `keep` the best plan so far becomes the draft within moments, else nothing changes. A run that is over stays as
    it is.
    """
    runs.cancel_run(database(), run_id=run_id, keep=asked["keep"], by=current_actor(), now=utc_now())
    return present(run_id)


@door.delete("/runs/<public_id:run_id>")
@door.response(204)
def drop_run(run_id: str) -> None:
    """Stop a run and throw away what it has"""
    runs.cancel_run(database(), run_id=run_id, keep=False, by=current_actor(), now=utc_now())


def present(run_id: str) -> dict[str, Any]:
    """A run for `RunAnswer`, as it stands now."""
    return present_run(runs.read_run(database(), run_id=run_id, by=current_actor(), now=utc_now()))
