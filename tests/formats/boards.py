"""Board-planning files as dictionaries: two meetings of one board, three specialists, two cases."""

from __future__ import annotations

from typing import Any


def a_board_file(**changes: Any) -> dict[str, Any]:
    """An instance whose best plan costs 30: both cases on s0, the surgeon called once."""
    return {
        "kind": "board-planning",
        "name": "two",
        "horizon_days": 7,
        "specialties": [
            {"id": "radiology", "on_demand": False, "attendance_cost": 0},
            {"id": "surgery", "on_demand": True, "attendance_cost": 30},
        ],
        "specialists": [
            {"id": "p0", "specialty": "radiology", "busy": [[0, 30]]},
            {"id": "p1", "specialty": "radiology", "busy": []},
            {"id": "p2", "specialty": "surgery", "busy": [[1500, 1530]]},
        ],
        "sessions": [
            {"id": "s0", "board": "ovary", "room": "r1", "start": 60, "end": 120, "capacity": 60, "optional": False,
             "open_cost": 0},
            {"id": "s1", "board": "ovary", "room": "r1", "start": 1500, "end": 1560, "capacity": 60, "optional": True,
             "open_cost": 20},
        ],
        "cases": [
            {"id": "c0", "boards": ["ovary"], "duration": 15, "requires": ["radiology"], "named": None, "ready": 0,
             "target": 1440, "weight": 1, "unscheduled_cost": 100},
            {"id": "c1", "boards": ["ovary"], "duration": 20, "requires": ["radiology", "surgery"], "named": None,
             "ready": 0, "target": 0, "weight": 3, "unscheduled_cost": 200},
        ],
        **changes,
    }  # fmt: skip


def an_answer_file(**changes: Any) -> dict[str, Any]:
    """The best plan of `a_board_file()`."""
    return {
        "assign": {"c0": "s0", "c1": "s0"},
        "attend": {"s0": ["p0", "p2"]},
        "cost": 30,
        "lower_bound": 30,
        "gap": 0.0,
        "seconds": 0.1,
        "unscheduled": {},
        **changes,
    }
