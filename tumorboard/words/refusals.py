"""What went wrong, in the reader's language, by the code of the error.

The message of an error is English and names the value; a Korean reader gets the sentence of its code instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tumorboard.domain.errors import DomainError
from tumorboard.domain.model import Text
from tumorboard.words import Words, choose_language
from tumorboard.words import to_translate as _

_FILES: Mapping[str, str] = {
    "bad-table": _("This file is no case list."),
    "broken-json": _("The JSON is broken; give a list with one object for each case."),
    "broken-quoting": _("A quotation mark is never closed; save the file as CSV again."),
    "broken-xlsx": _("The workbook is broken; save it as XLSX again."),
    "duplicate-column": _("Two columns have the same name; rename one."),
    "empty-file": _("The file is empty; give a list with one row for each case."),
    "no-header": _("No row names the columns; the first row must name them."),
    "bad-header": _("The row that names the columns cannot be read."),
    "no-reference-column": _("No column holds the case reference; name one of the columns 'reference'."),
    "not-a-case-list": _("This file lists events, not cases; give the patient file of the same study."),
    "not-a-table": _("This file is no table; save it as CSV or XLSX."),
    "too-large": _("The file is too large; split it."),
    "too-many-cells": _("A row has more cells than there are columns."),
    "wrong-encoding": _("The characters cannot be read; save the file as UTF-8."),
    "no-file": _("Choose a file first."),
    "unknown-upload": _("This upload is gone; choose the file again."),
}

_CELLS: Mapping[str, str] = {
    "bad-gestation": _("No gestational age; write weeks+days, as 24+3."),
    "duplicate-reference": _("Another row has the same reference; keep one of the two."),
    "impossible-stage": _("There is no such stage."),
    "impossible-value": _("The number is impossible here."),
    "bad-centre-setting": _("There is no such setting of the centre, or its value is no text."),
    "bad-reference-pattern": _("The pattern of references cannot be used; write it as C-####, with a digit in it."),
    "no-centre": _("There is no centre yet; load a centre file first."),
    "reference-like-a-name": _("The reference looks like a name; use a local number."),
    "reference-pattern": _("The reference does not keep to the centre's pattern."),
    "missing-reference": _("The case has no reference; give it a local one, no name."),
    "not-a-date": _("No date; write it as YYYY-MM-DD (2026-11-22)."),
    "not-a-gestation": _("No gestational age; write weeks+days, as 24+3."),
    "not-a-number": _("No plain number; write digits with a decimal point, without a unit."),
    "resident-registration-number": _(
        "Holds what looks like a resident registration number. Such a number must not be entered anywhere; remove it."
    ),
    "too-long": _("The text is too long; shorten it."),
    "unknown-column": _("No column of this programme; it is not imported."),
    "unknown-value": _("This word is not known here."),
    "wrong-value": _("This value does not fit the field."),
    "unknown-field": _("The programme has no such field."),
}

_PAGES: Mapping[str, str] = {
    "absence-past": _("This absence is over already."),
    "absence-too-long": _("An absence lasts two years at most."),
    "too-many-hours": _("These are too many weekly hours; remove some first."),
    "no-weekday": _("Choose at least one weekday."),
    "one-weekday": _("Choose one weekday."),
    "unknown-hours": _("There are no such weekly hours."),
    "too-far": _("This is too far from today."),
    "nobody-chosen": _("Nobody is chosen for any of these meetings."),
    "unknown-change": _("There is no such change."),
    "undone-already": _("This was taken back already."),
    "changed-since": _("These meetings are over or changed since; edit them one by one."),
    "already-exists": _("This already exists, or something it refers to does not; load the page again."),
    "time-taken": _("You are booked elsewhere at this time by now; tell the coordinator if you come here instead."),
    "time-past": _("The fixed time is past; give one that is ahead."),
    "time-too-far": _("Fix a time two years ahead at most."),
    "time-off-minute": _("Give a whole minute, as in 14:30."),
    "not-a-time": _("Give a day and a time, as in 14:30."),
    "already-waived": _("This need is already waived."),
    "bad-input": _("Something in the form cannot be understood."),
    "bad-length": _("A meeting lasts 10 to 480 minutes."),
    "bad-preference": _("This preference is wrong; choose one that is offered."),
    "bad-period": _("Give a period of one day to one year, its first day before its last."),
    "no-such-file": _("There is no PDF of this list; take XLSX or CSV."),
    "purpose-missing": _("Say first what the file is for."),
    "purpose-unknown": _("Choose a purpose of the list."),
    "purpose-unsaid": _("Say in a few words what it is for."),
    "bad-setting": _("This setting is wrong: a whole number within its limits; a break needs both its numbers."),
    "already-called": _("An urgent meeting is called for this case already; move that one."),
    "bad-count": _("Write a specialty, or radiology:2 for two members of it."),
    "bad-hours": _("These hours are impossible."),
    "bad-step": _("This step in minutes is impossible."),
    "bad-weeks": _("Plan 1 to 26 weeks."),
    "busy": _("The database is busy; try again in a moment."),
    "case-exists": _("There is already a case with this reference."),
    "derived-columns": _(
        "This list was taken from this service. What it worked out itself (state, urgency, deadline, needs, days) is "
        "not read; change the facts of a case instead."
    ),
    "other-programme": _("This case belongs to another programme; import it there."),
    "case-done": _("The case is done; it can be neither withdrawn nor reopened."),
    "case-withdrawn": _("The case with this reference is withdrawn; reopen it."),
    "case-scheduled": _("The case stands on a published meeting; withdraw it on its own page."),
    "not-scheduled": _("The case is on no published meeting ahead."),
    "import-died": _("The import broke off and nothing was written; start it again."),
    "import-failed": _("The import failed and nothing was written; the operator finds why in the log."),
    "import-running": _("This list is being imported already."),
    "import-outdated": _("Cases of this import were changed since, so that it stays as it is: %(cases)s"),
    "unknown-import": _("This import can no longer be taken back: more than a day has passed, or it is done already."),
    "import-stopped": _("The import is stopped; nothing was written."),
    "board-changed": _("The board changed since this proposal was made; propose again."),
    "field-changed-meanwhile": _(
        "Somebody changed this in the meantime. What stands here is yours; send it again to keep it."
    ),
    "changed-meanwhile": _("Somebody changed this in the meantime; look at it again and repeat the change."),
    "case-closed": _("This case is closed; nobody is called for it."),
    "conflict": _("Somebody or something else already holds this place, room or time."),
    "csrf": _("The form was too old; it is fresh now. Please send it again."),
    "double-booked": _("A member or room is already booked for part of this time; propose again."),
    "draft-closed": _("This draft is closed already; propose again."),
    "draft-not-discarded": _("This draft was not thrown away."),
    "draft-open": _("The board has another open draft. Publish it or throw it away first."),
    "nothing-to-undo": _("There is no step to take back."),
    "nothing-to-redo": _("There is no step to do again."),
    "nothing-to-restore": _("Nothing was published here that could be taken back."),
    "bad-group-name": _("Name the group with 1 to 80 letters."),
    "empty-group": _("Tick at least one specialty."),
    "group-exists": _("The board has a group of this name already."),
    "too-many-groups": _("A board keeps 30 groups at most; remove one first."),
    "unknown-group": _("There is no such group."),
    "ends-before-start": _("The end is not after the start."),
    "letter-not-dead": _("Only a letter that was given up, and has no newer one, can be sent again."),
    "log-in-needed": _("Please log in first."),
    "method-not-allowed": _(
        "This address belongs to a form and cannot be opened by itself; go on from the start page."
    ),
    "meeting-cancelled": _("This meeting is cancelled already."),
    "meeting-held": _("This meeting is not cancelled; there is nothing to take back."),
    "meeting-exists": _("The board already meets at this time."),
    "meeting-in-use": _("This meeting is published, or one of a weekly series; cancel it instead."),
    "no-change": _("Choose at least one change."),
    "too-many-changes": _("These are too many changes at once."),
    "bad-span": _("An absence ends after it begins."),
    "bad-minutes": _("A meeting takes 10 to 480 minutes."),
    "bad-meeting": _("Write an added meeting as START/MINUTES/ROOM."),
    "meeting-outside-plan": _("The plan does not reach so far; plan more weeks first."),
    "meeting-past": _("This time is in the past."),
    "moment-gone": _("Somebody needed is not free at this time any more; choose another of the moments."),
    "moment-too-far": _("An urgent meeting is called a week ahead at most."),
    "no-board": _("Several boards discuss such a case; choose one."),
    "nobody-needed": _("The rules need nobody for this case; look at its facts."),
    "nobody-wanted": _("Name at least one specialty or member who must attend."),
    "member-comes": _("This member comes to the meeting; ask first whether that has changed."),
    "nothing-lost": _("Nothing is open here any more; load the page again."),
    "not-suited": _("This member cannot be asked for this; choose somebody else."),
    "urgent-call": _("This is an urgent meeting: choose another moment, or phone somebody."),
    "not-delegated": _("Nobody comes in your place any more; answer the invitation itself."),
    "not-invited": _("This member is not asked to come to this meeting."),
    "not-urgent": _("This meeting was not called for an urgent case; propose again instead."),
    "nothing-ticked": _("Tick at least one case first."),
    "not-allowed": _("Your account may not do this; ask an administrator."),
    "not-found": _("There is nothing at this address."),
    "not-needed": _("The case does not need this specialty."),
    "not-waived": _("This need is not waived."),
    "bad-seconds": _("Plan for 1 to 300 seconds."),
    "plan-running": _("A proposal for this board is being made already; wait for it or stop it."),
    "planner-busy": _("Too many plans are being made; try again in a moment."),
    "planner-failed": _("Planning failed; tell the operator, who finds why in the log."),
    "planner-out-of-memory": _("Planning needs more memory than allowed; plan fewer weeks, or ask the operator."),
    "planner-stopped": _("Planning was stopped."),
    "planner-too-slow": _("No answer in the time allowed; try again, or plan fewer weeks."),
    "what-if-too-slow": _("No answer in the time allowed; try again, or fewer changes at once."),
    "run-died": _("The planning process ended without an answer; propose again."),
    "run-over": _("This run is over already; propose again."),
    "unknown-run": _("There is no such run."),
    "planned-sooner": _("The case is on a meeting before this moment already."),
    "too-many-slots": _("There are too many slots; look at fewer weeks or take longer steps."),
    "unknown-specialty": _("There is no such specialty."),
    "until-past": _("The time to find a moment in is over."),
    "plan-broken": _("The draft is no longer right; the reasons stand below."),
    "referred-in-future": _("The day of the referral is still to come."),
    "report-in-future": _("A report cannot be dated in the future; note it as expected."),
    "room-taken": _("The room is taken for part of this time; choose another room or time."),
    "cell-error": _("Holds an error of the spreadsheet; mend it there."),
    "cell-without-result": _(
        "Holds a formula without its result; open the list in a spreadsheet, save it and choose it again."
    ),
    "other-program": _("The row names another programme; import it as a list of that one."),
    "target-before-referral": _("The case would have to be discussed before it is referred."),
    "too-many-requests": _("Too many attempts; wait a minute and try again."),
    "unknown-absence": _("There is no such absence."),
    "unknown-board": _("There is no such board."),
    "unknown-case": _("There is no such case."),
    "unknown-draft": _("There is no such draft."),
    "unknown-item": _("This is no readiness item of the programme."),
    "unknown-batch": _("There are no such letters."),
    "unknown-letter": _("There is no such letter."),
    "unknown-detail": _("This link cannot show that; choose what the page offers."),
    "unknown-scope": _("There is no such kind of calendar link."),
    "unknown-meeting": _("There is no such meeting."),
    "unknown-member": _("There is no such member."),
    "named-member-unknown": _("No member is called so; give a name or an e-mail address as on the list of members."),
    "named-member-ambiguous": _("More than one member is called so; give the e-mail address."),
    "unknown-program": _("There is no such programme."),
    "unknown-room": _("There is no such room."),
    "waiver-incomplete": _("A waiver needs the physician's name and a reason."),
    "wrong-log-in": _("The e-mail address or the password is wrong."),
}

_CALENDARS: Mapping[str, str] = {
    "bad-window": _("The period is no period, or longer than four years."),
    "incomplete-calendar": _("The calendar was cut short; export it again."),
    "not-a-calendar": _("This file is no calendar; give the .ics file of one."),
    "not-a-publication": _("This is a message about one invitation; export the calendar itself."),
    "recurrence-refused": _(
        "An event repeats in a way that is not read; export the calendar for a shorter period, or correct that event."
    ),
    "unknown-time-zone": _("Nothing says what a time zone is; export the calendar with its time zones."),
    "bad-end": _("An event has no end that can be read and blocks no time."),
    "bad-time-zone": _("A time zone of the file is broken; the known one of that name is used."),
    "bad-value": _("A time cannot be read and is left out."),
    "component-not-read": _("A part of the calendar is of a kind that is not read."),
    "doubled-property": _("A property of an event stands twice; the first one is read."),
    "duplicate-uid": _("Several events have the same identifier."),
    "later-without-series": _("The series of a changed event is not in the file; only the changed event blocks."),
    "line-without-colon": _("A line is no property and is not read."),
    "more-warnings": _("There are more warnings, which are not shown."),
    "nested-event": _("An event inside another part of the calendar is not read."),
    "no-start": _("An event has no start and is left out."),
    "outside-calendar": _("What stands outside the calendar is not read."),
    "placeholder-time-zone": _("Outlook left out which time zone it means; those times are read in the owner's zone."),
    "address-not-allowed": _("Calendars are fetched from the hosts that the IT staff named only; upload the file."),
    "address-not-https": _("Give an address that begins with https://."),
    "address-off": _("This centre fetches no calendars; upload the .ics file."),
    "address-private": _("This host lies in a private network; nothing is fetched from there."),
    "address-wrong": _("This is no web address that can be read; it has no password and no port of its own."),
    "calendar-not-read": _("The calendar could not be read here; try again later."),
    "doubled-file": _("Two files of the folder are named after the same person."),
    "fetch-broken": _("The answer of the host was broken."),
    "fetch-certificate": _("The certificate of the host is not right."),
    "fetch-failed": _("The host has a problem of its own."),
    "fetch-forbidden": _("The host does not give this calendar any more; make a new secret link."),
    "fetch-not-found": _("There is no calendar at this address any more; make a new secret link."),
    "fetch-redirected": _("The address leads to another one, and that is not followed; give the last address."),
    "fetch-refused": _("The host gives no calendar."),
    "fetch-timeout": _("The host did not answer in time."),
    "fetch-too-often": _("The host was asked too often."),
    "fetch-unauthorized": _("The host asks for a log-in; give a secret link that needs none."),
    "fetch-unreachable": _("The host cannot be reached."),
    "fetch-unresolved": _("There is no such host."),
    "folder-empty": _("The folder of calendars is empty; perhaps it is only not connected."),
    "folder-off": _("The folder of calendars is not read any more."),
    "folder-unreadable": _("The folder of calendars cannot be read."),
    "not-a-file": _("What lies in the folder under this name is no regular file."),
    "not-an-address": _("Only an address can be fetched again; upload the file again."),
    "readers-busy": _("Too many calendars are being read; try again in a moment."),
    "too-many-addresses": _("These are too many addresses; remove one first."),
    "unknown-busy-source": _("There is no such source of busy times."),
    "unreadable-file": _("The file cannot be read."),
}
"""Refusals and warnings of a calendar that somebody hands in."""

_ANSWERS: Mapping[str, str] = {
    "bad-answer": _("The answer is accepted, tentative or declined."),
    "no-feed": _("There is no such link; make one first."),
    "no-answer": _("Choose an answer, too: nothing is noted yet, and your comment stands here still."),
    "has-delegated": _("Somebody else comes instead already; enter first that the deputy does not come."),
    "address-works": _("No letter to this member came back."),
    "bad-inbox-url": _("The address of the mailbox is wrong; tell the operator."),
    "cannot-move": _("The meeting cannot be moved to this time:"),
    "deputy-unfit": _("The deputy does not hold the specialty that is needed; ask another member."),
    "inbox-unreachable": _("The mailbox cannot be read now; tell the operator."),
    "link-ended": _("This link is over, because you were asked anew or left; use the newest letter, or log in."),
    "meeting-too-far": _("Plan two years ahead at most."),
    "message-closed": _("Somebody has decided this already."),
    "no-single-meeting": _("This is about no single meeting; propose and publish instead."),
    "not-published": _("Nothing is published for this meeting yet."),
    "nothing-to-accept": _("There is nothing to decide here; put it away."),
    "nothing-to-believe": _("This mail holds no answer that could be taken."),
    "proposal-outdated": _("The member has been asked anew since; this is about an earlier time."),
    "not-a-deputy": _("Choose one of those who could come for you."),
    "unknown-deputy": _("Nobody of the centre has this address; ask another member."),
    "unknown-invitation": _("There is no such invitation."),
    "unknown-link": _("There is nothing at this address; use the link of the newest letter."),
    "unknown-message": _("There is no such message."),
    "urgent-moves-itself": _("An urgent meeting is moved on its own page."),
    "within-meeting": _(
        "The proposed time lies within the same meeting: the order of the agenda decides when somebody is needed. "
        "Change the order on a draft of the board."
    ),
}
"""Answers to invitations, links in letters, and what a coordinator decides about them."""

_ROOM: Mapping[str, str] = {
    "bad-times": _("These times are impossible: from before until, both over, and near the meeting."),
    "case-not-on-agenda": _("This case is not on the agenda of this meeting."),
    "case-planned-again": _("This case stands on another meeting by now; take it off there first."),
    "case-settled": _("This case has its outcome; change that instead."),
    "meeting-ahead": _("This meeting is still ahead; its room opens an hour before."),
    "meeting-begun": _("A case of this meeting is written of already; its agenda stays as it is."),
    "no-member": _("This account belongs to no member; say who is there."),
    "nobody-present": _("Nobody is noted as there; note first who was in the room."),
    "not-on-this-board": _("Only somebody on this board writes in its record."),
    "other-needs-words": _("Say in words what the other reason is."),
    "reason-missing": _("Choose a reason from the list."),
    "quorum-missing": _(
        "A required seat is empty: choose Not quorate, note who is here, or give the reason why it was discussed."
    ),
    "reason-unasked": _("This outcome does not have this reason."),
    "recommendation-missing": _("Write down what the board recommends."),
    "record-open": _("Some cases have no outcome yet."),
    "record-signed": _("This record is signed; open it again first."),
    "record-unsigned": _("This record is not signed."),
    "text-changed-meanwhile": _("Somebody else wrote here in the meantime. Both texts are kept: put them together."),
    "times-missing": _("Say when the case was discussed: from, until."),
    "unknown-outcome": _("Choose what became of the case."),
}
"""What happens in the meeting, and its record."""

_CENTRE: Mapping[str, str] = {
    "account-exists": _("There is already a log-in with this address."),
    "address-taken": _("There is already a member with this address."),
    "bad-calls": _("Meetings a week: a whole number from 1 to 50, or nothing."),
    "bad-capacity": _("Places: a whole number from 1 to 1000."),
    "bad-email": _("This is no e-mail address; write name@hospital.example."),
    "bad-key": _("The key has small letters, digits, - and _ only, and begins with a letter or digit."),
    "bad-time": _("No time; write it as 07:30."),
    "bad-video-url": _("The address of a video call begins with https://."),
    "bad-weekday": _("Choose a day of the week."),
    "board-used": _("This board has met or was planned for; give its weekly meeting a last day instead."),
    "day-exists": _("This day is closed already."),
    "day-past": _("This day is over."),
    "department-used": _("Members or specialties belong to this department; give them another one first."),
    "holder-unfit": _("Who sits on a seat must have its specialty; add it to the member first."),
    "key-taken": _("This key is in use; choose another one."),
    "last-administrator": _("This is the last administrator; make somebody else one first."),
    "last-before-first": _("The last day is before the first."),
    "long-password": _("A password has at most 200 characters."),
    "log-in-refused": _("One of these members can have no log-in; nothing was made."),
    "nobody-ticked": _("Tick the members who get a log-in."),
    "member-taken": _("This member has a log-in already; open that one again instead."),
    "name-missing": _("Give a name."),
    "no-core-seat": _("A board needs at least one seat for the whole meeting, and somebody on it."),
    "no-link-key": _("This installation cannot sign links; tell the operator."),
    "nobody-named": _("Name at least one member."),
    "two-names": _("This address belongs to somebody of another name; give each person an address of their own."),
    "own-deputy": _("Nobody is their own deputy."),
    "password-link-over": _("This link is over or was used already; ask an administrator for a new one."),
    "passwords-differ": _("The two passwords differ."),
    "room-used": _("A board meets here or has met here; give its weekly meeting another room, and keep this one."),
    "seat-kind": _("Choose one of the kinds of seats."),
    "series-exists": _("This board meets at this time every week already."),
    "setup-over": _("This installation is set up already; log in."),
    "short-password": _("A password needs at least 10 characters."),
    "specialty-held": _("The member sits on a seat for this specialty; take the member off that seat first."),
    "specialty-used": _("A member or a board still has this specialty; take it away there first."),
    "unknown-account": _("There is no such log-in."),
    "no-such-token": _("There is no such token."),
    "unknown-certificate": _("There is no such certificate."),
    "unknown-day": _("The hospital has not closed this day itself."),
    "unknown-department": _("There is no such department."),
    "unknown-language": _("The language is Korean or English."),
    "unknown-role": _("Choose at least one role."),
    "unknown-seat": _("The board has no such seat."),
    "unknown-series": _("There is no such weekly meeting."),
    "unknown-zone": _("There is no such time zone; choose one of the list."),
    "wrong-password": _("The current password is wrong."),
    "wrong-setup-code": _("This is not the code, or it is too old; make a new one on the machine."),
}
"""Edits of the centre, log-ins and the first start."""

REFUSALS: Mapping[str, str] = {**_ROOM, **_CENTRE, **_ANSWERS, **_FILES, **_CELLS, **_PAGES, **_CALENDARS}
"""The sentence of every code that a page can show."""


_WITH_VALUES: Mapping[str, tuple[str, ...]] = {
    "reference-pattern": (
        _(
            "The reference does not keep to the centre's pattern %(pattern)s (# a digit, @ a letter, ? either), "
            "for example %(example)s."
        ),
    ),
    "log-in-refused": (
        _("%(who)s: no log-in can be made; nothing was made. Look at the address and existing log-ins."),
    ),
    "unknown-value": (_("%(value)s is not known here; use %(choices)s."), _("%(value)s is not known here.")),
    "impossible-stage": (_("%(value)s is no stage; use %(choices)s."),),
    "impossible-value": (
        _("%(value)s is impossible here; from %(minimum)s to %(maximum)s."),
        _("%(value)s is impossible here; at least %(minimum)s."),
        _("%(value)s is impossible here; at most %(maximum)s."),
    ),
    "resident-registration-number": (
        _(
            "What looks like a resident registration number stands here: %(places)s, and in %(more)d more cells. "
            "Remove these numbers from the file and choose it again; nothing of it was kept."
        ),
        _(
            "What looks like a resident registration number stands here: %(places)s. Remove it from the file and "
            "choose it again; nothing of it was kept."
        ),
    ),
    "named-member-unknown": (
        _("No member is called %(value)s; give a name or an e-mail address as on the list of members."),
    ),
    "named-member-ambiguous": (_("More than one member is called %(value)s; give the e-mail address."),),
    "not-a-date": (_("%(value)s is no date; write it as YYYY-MM-DD (2026-11-22)."),),
    "not-a-number": (_("%(value)s is no plain number; write digits with a decimal point, without a unit."),),
    "not-a-gestation": (_("%(value)s is no gestational age; write weeks+days, as 24+3."),),
}
"""Sentences that name more than the code, the fullest first: the first whose values are all there is said."""


def say_refusal(
    code: str,
    message: str,
    words: Words,
    values: Mapping[str, object] | None = None,
    labels: Mapping[str, Text] | None = None,
) -> str:
    """The English message itself, which names the value; for Korean readers the sentence of the code.

    `labels` are the words for the choices of the field that the refusal is about.
    """
    if choose_language(words.language) == "ko" and code in REFUSALS:
        told = {**(values or {})}
        if isinstance(choices := told.get("choices"), tuple):
            told["choices"] = ", ".join(_name_choice(choice, labels or {}, words) for choice in choices)
        if isinstance(places := told.get("places"), tuple):
            told["places"] = ", ".join(_name_place(row, column, words) for row, column in places)
        for sentence in _WITH_VALUES.get(code, ()):
            with suppress(KeyError):
                return words.gettext(sentence) % told
        return words.gettext(REFUSALS[code])
    return (
        f"{message[:1].upper()}{message[1:]}" if message else words.gettext(REFUSALS.get(code, REFUSALS["bad-input"]))
    )


def _name_place(row: int, column: str, words: Words) -> str:
    """A cell as a spreadsheet's reader looks for it; without a column the row."""
    if not column:
        return words.gettext("row %(row)d") % {"row": row}
    return words.gettext("row %(row)d, column '%(column)s'") % {"row": row, "column": column}


def _name_choice(choice: str, labels: Mapping[str, Text], words: Words) -> str:
    """`의심 (suspected)`: the words for a choice, and its id as a file has it."""
    return f"{labels[choice].in_language(words.language)} ({choice})" if choice in labels else choice


def say_error(error: DomainError, words: Words, labels: Mapping[str, Text] | None = None) -> str:
    """What an error says to the person at the page."""
    return say_refusal(error.code, str(error), words, error.values, labels)
