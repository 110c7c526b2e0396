"""OR-Tools, when it is installed; the modules whose names begin like this one's are the only ones that import it."""

from __future__ import annotations

from typing import Any

from tumorboard.domain.planning_solver_core import load_cp_sat


def load_solver() -> Any:
    """The CP-SAT module, None when it is not installed.

    The first call of a process takes a second or two; a door may make it in the background before anybody waits.
    """
    try:
        return load_cp_sat()
    except (ImportError, OSError):
        return None
