"""Codes become words: the closed lists a person reads on a page, in a message or in the record of a case."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import Words
from tumorboard.words import to_translate as _

PLACES: Mapping[str, str] = {
    "cases": _("Cases"),
    "boards": _("Boards"),
    "answers": _("Answers"),
    "open-needs": _("Open needs"),
    "people": _("People"),
    "availability": _("Availability"),
    "mine": _("My windows"),
    "rules": _("Rules"),
    "centre": _("Centre"),
    "outbox": _("Outbox"),
    "reports": _("Reports"),
    "exports": _("Exports"),
    "help": _("Help"),
    "account": _("My account"),
}
"""The main menu; `MENU` and `MORE` of web/pages/frame.py name the pages."""
STATES: Mapping[str, str] = {
    "not_ready": _("Not ready"),
    "ready": _("Ready"),
    "scheduled": _("Scheduled"),
    "done": _("Done"),
    "withdrawn": _("Withdrawn"),
}
URGENCIES: Mapping[str, str] = {"routine": _("Routine"), "expedited": _("Expedited"), "urgent": _("Urgent")}
IMPORT_STAGES: Mapping[str, str] = {
    "waiting": _("Begins in a moment"),
    "reading": _("Reads and checks the rows"),
    "writing": _("Writes the cases"),
}
DUES: Mapping[str, str] = {"late": _("past their limit"), "week": _("within seven days")}
READINESS: Mapping[str, str] = {
    "current": _("There"),
    "stale": _("Too old"),
    "missing": _("Missing"),
    "expected": _("Expected"),
    "not_applicable": _("Does not apply"),
}
LEVELS: Mapping[str, str] = {"blocks": _("Blocks"), "warns": _("Asked for"), "prefers": _("Helpful")}
RULE_KINDS: Mapping[str, str] = {
    "G": _("Published guideline or quality indicator"),
    "X": _("Convention of this centre"),
    "G/X": _("Published principle, cut-off set by this centre"),
}
SEATS: Mapping[str, str] = {"core": _("Whole meeting"), "on_demand": _("Own window")}
CHANGES: Mapping[str, str] = {
    "new": _("New"),
    "moved": _("Moved"),
    "retimed": _("New time"),
    "same": _("Unchanged"),
    "removed": _("Taken off"),
    "invited": _("Invited"),
    "changed": _("Other cases"),
    "withdrawn": _("No longer needed"),
}
ATTENDANCE_CHANGES: Mapping[str, str] = {**CHANGES, "moved": _("New time")}
WHAT_IF_CASES: Mapping[str, str] = {
    "moved": _("Moved"),
    "placed": _("Newly placed"),
    "left-out": _("Left out"),
    "gone": _("Withdrawn"),
    "still-out": _("Still left out"),
}
WHAT_IF_MEMBERS: Mapping[str, str] = {
    "core": _("Core seat"),
    "called": _("Called in"),
    "released": _("No longer needed"),
    "window": _("Another time"),
}
ABSENCES: Mapping[str, str] = {"absence": _("Absent"), "busy": _("Busy")}
WEEKLY_HOURS: Mapping[str, str] = {"busy": _("Busy"), "available": _("Available")}
BUSY_SOURCES: Mapping[str, str] = {"upload": _("Handed in"), "url": _("Address"), "folder": _("File of the IT staff")}
FEED_DETAILS: Mapping[str, str] = {
    "full": _("everything, with links to the details"),
    "place": _("board, times, room and video call"),
    "board": _("board and times"),
    "busy": _("only that somebody is busy"),
}
MEETINGS: Mapping[str, str] = {
    "planned": _("No cases yet"),
    "published": _("Published"),
    "cancelled": _("Cancelled"),
}
DRAFTS: Mapping[str, str] = {
    "open": _("Open draft"),
    "published": _("Published"),
    "discarded": _("Thrown away"),
}
LETTERS: Mapping[str, str] = {
    "waiting": _("Waiting to leave"),
    "failing": _("Failed, will be tried again"),
    "sent": _("Sent"),
    "superseded": _("Replaced by a newer one"),
    "dead": _("Given up"),
    "held": _("Held"),
}
METHODS: Mapping[str, str] = {"REQUEST": _("Invitation"), "CANCEL": _("Cancellation")}
INVITATIONS: Mapping[str, str] = {
    "invited": _("Invited"),
    "withdrawn": _("No longer needed"),
    "cancelled": _("Cancelled"),
}
IMPORT_ACTIONS: Mapping[str, str] = {
    "created": _("New"),
    "updated": _("Changed"),
    "unchanged": _("Unchanged"),
    "refused": _("Refused"),
}
ROLES: Mapping[str, str] = {
    "administrator": _("Administrator"),
    "coordinator": _("Coordinator"),
    "chair": _("Chair"),
    "physician": _("Physician"),
    "surgeon": _("Surgeon"),
    "auditor": _("Auditor"),
}
FLAGS: Mapping[str, str] = {
    "stage-missing": _("Stage missing"),
    "stage-ambiguous": _("Two stages given: choose one"),
    "grade-missing": _("Grade missing"),
    "grade-behaviour-conflict": _("Grade and behaviour contradict each other"),
    "ps-missing": _("Performance status missing"),
    "ps-timing-mismatch": _("Performance status from another time"),
    "residual-conflict": _("Residual disease contradicts itself"),
}
EVENTS: Mapping[str, str] = {
    "case:referred": _("Referred"),
    "case:changed": _("Facts changed"),
    "case:withdrawn": _("Withdrawn"),
    "case:reopened": _("Reopened"),
    "case:time-fixed": _("Time fixed"),
    "case:time-freed": _("Time free again"),
    "readiness:noted": _("Report noted"),
    "case:called": _("Urgent meeting called"),
    "need:waived": _("Need waived"),
    "need:restored": _("Waiver taken back"),
    "case:received": _("On the list"),
    "case:imported": _("Imported from a list"),
    "case:import-taken-back": _("Import taken back"),
    "case:published-again": _("Published again with another time or team"),
    "case:placed": _("Published on a meeting"),
    "case:moved": _("Moved to another meeting"),
    "case:taken-off": _("Taken off a meeting"),
    "case:put-back": _("Put back on its meeting"),
    "meeting:moved": _("Its meeting moved"),
    "discussion:started": _("Discussion begun"),
    "recommendation:written": _("Recommendation written"),
    "outcome:recorded": _("Outcome recorded"),
    "record:signed": _("Record signed"),
    "record:reopened": _("Record opened again"),
    "draft:moved": _("Moved in a draft"),
    "draft:ordered": _("Moved in a draft"),
    "draft:placed": _("Placed in a draft"),
    "draft:left-out": _("Left out of a draft"),
    "draft:undone": _("Taken back in a draft"),
}


OUTCOMES: Mapping[str, str] = {
    "discussed": _("Discussed"),
    "deferred": _("Deferred"),
    "withdrawn": _("Withdrawn"),
    "not_quorate": _("Not quorate"),
}
"""What became of a case on an agenda."""
OUTCOME_REASONS: Mapping[str, str] = {
    "report-missing": _("A report was missing"),
    "specialist-absent": _("A needed specialist was absent"),
    "out-of-time": _("No time was left"),
    "referrer-absent": _("Nobody presented the case"),
    "opinion-known": _("The missing opinion was known"),
    "presence-not-noted": _("Everybody needed was there, but not noted"),
    "patient-declined": _("The patient declined"),
    "superseded": _("Decided already"),
    "moved-elsewhere": _("Treated at another hospital"),
    "other": _("Another reason, in words"),
}
"""Why a case was deferred or withdrawn, or discussed without a required seat."""
REOPENINGS: Mapping[str, str] = {
    "typing-error": _("A typing error"),
    "outcome-wrong": _("An outcome is wrong"),
    "attendance-wrong": _("The attendance is wrong"),
    "text-incomplete": _("A recommendation is incomplete"),
}
"""Why a signed record is opened again."""


STAGES: Mapping[str, str] = {
    "waiting": _("Waits for its turn"),
    "reading": _("Reads cases, meetings and people"),
    "planning": _("Looks for the best plan"),
    "first-fit": _("Makes a first plan"),
    "search": _("Looks for a better plan"),
    "bound": _("Proves how good a plan can be"),
    "done": _("Writes down the reasons"),
    "writing": _("Writes the draft"),
}
"""What a run is doing."""


def say_code(code: str, words: Words, known: Mapping[str, str]) -> str:
    """The words for a code of one of these lists; an unknown code as it is, with spaces."""
    return words.gettext(known[code]) if code in known else code.replace("-", " ").replace("_", " ")
