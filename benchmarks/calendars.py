"""What we write for random meetings, read by three independent parsers, and random histories told by unruly mail.

Run `python -m benchmarks.calendars [MEETINGS] [HISTORIES]` in the root of the repository; 10,000 meetings and 1,000
histories by default, some fifteen minutes. It needs the development requirements. Both counts of differences should be
nought; the first differences are printed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from tests.builders import furnish
from tests.calendars.histories import play
from tests.calendars.witnesses import WITNESSES, a_random_message, differences
from tests.database import migrate_up
from tests.services.conftest import NOW, a_setup
from tumorboard.domain.board_settings import BoardSettings
from tumorboard.services.setup import Setup
from tumorboard.store.meetings import Board

SHOWN = 10


def main(meetings: int = 10_000, histories: int = 1_000) -> int:
    """Print the counts; gives 1 where something differs."""
    found = [*read_meetings(meetings), *play_histories(histories)]
    for problem in found[:SHOWN]:
        print(f"  {problem[:500]}")
    return 1 if found else 0


def read_meetings(count: int) -> list[str]:
    """Differences between what was meant and what the parsers read."""
    dice = random.Random(2026)
    seen: Counter[str] = Counter()
    found: list[str] = []
    began = time.process_time()
    for _ in range(count):
        written = a_random_message(dice)
        problems = differences(written)
        seen.update(problem.split()[0] for problem in problems)
        found += problems
    seconds = time.process_time() - began
    print(f"{count} random messages, read for UID, start, end, SEQUENCE, attendees and status ({seconds:.0f} s)")
    for name in WITNESSES:
        print(f"  {name:8} {seen[name]} differences")
    return found


def play_histories(count: int) -> list[str]:
    """What the calendars show otherwise than the service, half of them with series."""
    habits = [False, True] if hasattr(BoardSettings(), "standing_invitations") else [False]
    found: list[str] = []
    for habit in habits:
        number = count // len(habits)
        began = time.process_time()
        with a_centre(habit=habit) as (session, setup):
            problems = [problem for seed in range(number) for problem in play(session, setup, seed)]
        seconds = time.process_time() - began
        kind = "series" if habit else "single entries"
        print(f"{number} random histories with {kind}: {len(problems)} differences ({seconds:.0f} s)")
        found += problems
    return found


@contextmanager
def a_centre(*, habit: bool) -> Iterator[tuple[Session, Setup]]:
    """A session on the small centre of the tests, in a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'board.sqlite'}"
        migrate_up(url)
        engine = create_engine(url)
        setup = a_setup()
        with Session(engine) as session:
            furnish(session, setup, now=NOW)
            session.scalars(select(Board)).one().settings = {"standing_invitations": True} if habit else {}
            session.commit()
            yield session, setup
        engine.dispose()


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in sys.argv[1:])))
