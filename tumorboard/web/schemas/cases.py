"""Cases: what is asked of them and what is said of them."""

from __future__ import annotations

from flask_smorest.fields import Upload
from marshmallow import fields, validate

from tumorboard.domain.model import Urgency
from tumorboard.services.worklist import CaseState, Due
from tumorboard.web.schemas.base import (
    Answer,
    Ask,
    Cells,
    Day,
    Flag,
    PageAnswer,
    PageAsk,
    ReasonAnswer,
    Word,
)


class CaseListAsk(PageAsk):
    program = Word(longest=64, load_default="")
    state = fields.String(validate=validate.OneOf([state.value for state in CaseState]), load_default="")
    urgency = fields.String(validate=validate.OneOf([urgency.value for urgency in Urgency]), load_default="")
    needs = Word(longest=64, load_default="", metadata={"description": "a specialty that is required or recommended"})
    owed_by = Word(longest=64, load_default="", metadata={"description": "a specialty that owes a report"})
    due = fields.String(validate=validate.OneOf([due.value for due in Due]), load_default="")
    q = Word(longest=80, load_default="", metadata={"description": "a part of the reference"})


class ReferAsk(Ask):
    program = Word(required=True, shortest=1, longest=64)
    fields_ = Cells(required=True, data_key="fields", attribute="fields")


class ChangeAsk(Ask):
    fields_ = Cells(required=True, data_key="fields", attribute="fields")


class ImportAsk(Ask):
    program = Word(required=True, shortest=1, longest=64)
    dry_run = Flag(load_default=False, metadata={"description": "say what would happen, and write nothing"})


class ImportFile(Ask):
    file = Upload(required=True, metadata={"description": "CSV, TSV, XLSX or JSON"})


class NoteAsk(Ask):
    """What is known of one readiness item; nothing but `item` clears it."""

    item = Word(required=True, shortest=1, longest=64)
    reported_on = Day(load_default=None, allow_none=True)
    expected_on = Day(load_default=None, allow_none=True)
    not_applicable = Flag(load_default=False)
    owed_by = Word(load_default=None, allow_none=True)


class BulkNoteAsk(NoteAsk):
    cases = fields.List(Word(shortest=1, longest=20), required=True, validate=validate.Length(1, 500))


class WaiverAsk(Ask):
    specialty = Word(required=True, shortest=1, longest=64)
    physician = Word(load_default=None, allow_none=True, metadata={"description": "default: who is logged in"})
    because = Word(required=True, shortest=1, longest=1000, lines=True)


class FixedTimeAsk(Ask):
    at = fields.AwareDateTime(required=True, allow_none=True)


class WaiverAnswer(Answer):
    by = fields.String()
    because = fields.String()


class NeedAnswer(Answer):
    """A specialty the case requires or profits from, and the rule that says so."""

    specialty = fields.String()
    name = fields.String()
    required_ = fields.Boolean(data_key="required", attribute="required")
    rule = fields.String()
    kind = fields.String(metadata={"description": "G guideline, X centre convention, G/X both"})
    because = fields.String()
    source = fields.String()
    certificate = fields.String(allow_none=True)
    member = fields.String(allow_none=True)
    waiver = fields.Nested(WaiverAnswer, allow_none=True)


class FindingAnswer(Answer):
    """A readiness item today."""

    item = fields.String()
    label = fields.String()
    state = fields.String()
    level = fields.String()
    is_blocking = fields.Boolean()
    reported_on = fields.Date(allow_none=True)
    expected_on = fields.Date(allow_none=True)
    not_applicable_by = fields.String(allow_none=True)
    owed_by = fields.String()
    owed_since = fields.Date(allow_none=True)
    age_days = fields.Integer(allow_none=True)
    limit_days = fields.Integer(allow_none=True)
    message = fields.String()


class ScoreAnswer(Answer):
    points = fields.Integer(allow_none=True, metadata={"description": "null when nothing is known of what it counts"})
    group = fields.String(allow_none=True)


class PlaceAnswer(Answer):
    """Where a case is on a published agenda."""

    meeting = fields.String()
    board = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    time_zone = fields.String()


class CaseAnswer(Answer):
    """A case as a list shows it."""

    id = fields.String()
    program = fields.String()
    reference = fields.String()
    state = fields.String()
    urgency = fields.String()
    minutes = fields.Integer()
    eligible = fields.Boolean()
    referred_at = fields.AwareDateTime()
    due_at = fields.AwareDateTime()
    fixed_at = fields.AwareDateTime(allow_none=True)
    ready_on = fields.Date(allow_none=True)
    blocked_by = fields.List(fields.String())
    needs = fields.List(fields.Nested(NeedAnswer))
    readiness = fields.List(fields.Nested(FindingAnswer))
    notices = fields.List(fields.String())
    scores = fields.Dict(keys=fields.String(), values=fields.Nested(ScoreAnswer))
    flags = fields.List(fields.String())
    normalised = fields.Dict(keys=fields.String())
    meeting = fields.Nested(PlaceAnswer, allow_none=True)


class EventAnswer(Answer):
    at = fields.AwareDateTime()
    actor = fields.String()
    action = fields.String()


class ProposedAnswer(Answer):
    """What an open draft proposes: a meeting, or none, and why."""

    meeting = fields.String(allow_none=True)
    reasons = fields.List(fields.Nested(ReasonAnswer))


class CaseDetailAnswer(CaseAnswer):
    """A case with its fields, what a draft proposes and what happened to it."""

    fields_ = fields.Dict(keys=fields.String(), data_key="fields", attribute="fields")
    proposed = fields.Nested(ProposedAnswer, allow_none=True)
    events = fields.List(fields.Nested(EventAnswer))


class PutBackAnswer(CaseDetailAnswer):
    """The case, how many letters leave, and why it is only on the list."""

    letters = fields.Integer()
    kept_off = fields.List(fields.Nested(ReasonAnswer))


class CasePageAnswer(PageAnswer):
    items = fields.List(fields.Nested(CaseAnswer))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class RowProblemAnswer(Answer):
    row = fields.Integer()
    column = fields.String()
    code = fields.String()
    message = fields.String()


class RefusedRowsAnswer(Answer):
    """What the last import left out; `program` is null when it left out nothing."""

    program = fields.String(allow_none=True)
    import_id = fields.String()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    problems = fields.List(fields.Nested(RowProblemAnswer))


class ImportRowAnswer(Answer):
    row = fields.Integer()
    reference = fields.String()
    action = fields.String()
    changed = fields.List(fields.String())


class ImportAnswer(Answer):
    """What an import did, or would do. `import_id` takes it back within a day; empty where that cannot be."""

    import_id = fields.String()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()
    problems = fields.List(fields.Nested(RowProblemAnswer))
    rows = fields.List(fields.Nested(ImportRowAnswer))


class ImportUndoneAnswer(Answer):
    removed = fields.Integer()
    restored = fields.Integer()


class NotedAnswer(Answer):
    noted = fields.Integer()
