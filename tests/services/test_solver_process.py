"""Calls in processes of their own: answers, refusals, and limits that hold whatever the call does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.services import errands
from tumorboard.domain.errors import BadInput
from tumorboard.services import solver_process
from tumorboard.services.solver_process import MOST_CALLS, PlannerRefusal, place, run_apart, start_apart, warm_up

ROOT = Path(__file__).resolve().parents[2]


def is_there(pid: int) -> bool:
    """True for a process that runs; one that ended and was not fetched counts too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_answer_comes_from_another_process() -> None:
    warm_up()

    assert run_apart(errands.add, 1, 2, seconds=5) == 3
    assert run_apart(errands.say_pid, seconds=5) != os.getpid()


def test_read_only_mappings_go_there_and_back() -> None:
    given = MappingProxyType({"one": 1})

    assert run_apart(errands.mirror, given, seconds=5) == given


def test_refusal_of_the_call_is_raised_here() -> None:
    with pytest.raises(BadInput) as refused:
        run_apart(errands.refuse, seconds=5)

    assert (str(refused.value), refused.value.code, refused.value.values) == (
        "this is not possible", "no-way", {"field": "weeks"},
    )  # fmt: skip


@pytest.mark.parametrize(("errand", "code"), [(errands.stumble, "planner-failed"), (errands.die, "planner-failed")])
def test_failure_is_a_refusal(errand: Callable[[], None], code: str) -> None:
    with pytest.raises(PlannerRefusal) as refused:
        run_apart(errand, seconds=5)

    assert refused.value.code == code


def test_memory_is_limited() -> None:
    with pytest.raises(PlannerRefusal) as refused:
        run_apart(errands.take_memory, 600, seconds=5, memory_mib=64)

    assert refused.value.code == "planner-out-of-memory"


def test_call_that_is_too_slow_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    with pytest.raises(PlannerRefusal) as refused:
        run_apart(errands.leave_pid_and_sleep, str(file), 60, seconds=1)

    assert refused.value.code == "planner-too-slow"
    assert wait_until(lambda: not is_there(int(file.read_text())))


def test_cancelled_call_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    with pytest.raises(PlannerRefusal) as refused:
        run_apart(
            errands.leave_pid_and_sleep, str(file), 60, seconds=30,
            is_cancelled=lambda: file.exists() and bool(file.read_text()),
        )  # fmt: skip

    assert refused.value.code == "planner-stopped"
    assert wait_until(lambda: not is_there(int(file.read_text())))


def test_more_calls_than_places_are_refused() -> None:
    run_apart(errands.add, 1, 2, seconds=5)
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(run_apart(errands.sleep, 3, seconds=20)))
        for _ in range(MOST_CALLS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)

    with pytest.raises(PlannerRefusal) as refused:
        run_apart(errands.add, 1, 2, seconds=5)

    for thread in threads:
        thread.join()
    assert (refused.value.code, refused.value.values) == ("planner-busy", {"retry_after_seconds": 2})
    assert results == ["slept"] * MOST_CALLS
    assert run_apart(errands.add, 1, 2, seconds=5) == 3


def test_place_is_refused_at_once_when_all_are_taken(taken_places: None) -> None:
    began = time.monotonic()

    with pytest.raises(PlannerRefusal) as refused, place():
        pass

    assert refused.value.code == "planner-busy"
    assert time.monotonic() - began < 0.2


def test_call_within_a_place_takes_no_second_one() -> None:
    with place():
        answers = [run_apart(errands.add, number, 1, seconds=5) for number in range(MOST_CALLS + 1)]

    assert answers == list(range(1, MOST_CALLS + 2))


def test_host_that_is_gone_is_started_anew() -> None:
    first = run_apart(os.getppid, seconds=5)
    os.kill(first, 9)
    wait_until(lambda: not is_there(first))

    second = run_apart(os.getppid, seconds=5)

    assert first != second


def test_call_dies_with_its_worker_and_a_lone_process_does_not(tmp_path: Path) -> None:
    attached, lone = tmp_path / "attached", tmp_path / "lone"
    worker = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from tests.services import errands\n"
            "from tumorboard.services.solver_process import run_apart, start_apart\n"
            "start_apart(errands.write_later, sys.argv[2], 3.0, seconds=60)\n"
            "run_apart(errands.leave_pid_and_sleep, sys.argv[1], 60.0, seconds=60)\n",
            str(attached),
            str(lone),
        ],
        cwd=ROOT,
    )
    assert wait_until(lambda: attached.exists() and bool(attached.read_text()), 30)

    worker.kill()
    worker.wait()

    assert wait_until(lambda: not is_there(int(attached.read_text())))
    assert wait_until(lone.exists)


def test_lone_process_is_waited_for_within_bounds(tmp_path: Path) -> None:
    quick = start_apart(errands.write_later, str(tmp_path / "quick"), 0.0, seconds=60)
    slow = start_apart(errands.write_later, str(tmp_path / "slow"), 5.0, seconds=60)

    assert (quick.wait(10), slow.wait(0.1)) == (True, False)
    assert (tmp_path / "quick").read_text() == "written"


def test_lone_process_is_ended_by_its_limit(tmp_path: Path) -> None:
    started = start_apart(errands.write_later, str(tmp_path / "never"), 30.0, seconds=1)

    assert started.wait(15)
    assert not (tmp_path / "never").exists()


def test_forked_worker_gets_a_host_of_its_own() -> None:
    run_apart(errands.add, 1, 2, seconds=5)

    solver_process._forget_host()

    assert run_apart(errands.add, 1, 2, seconds=5) == 3
