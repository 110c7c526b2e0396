"""What is wrong with what was sent: lists of cases, their cells, calendars."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.words import to_translate as _

FILES: Mapping[str, str] = {
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

CELLS: Mapping[str, str] = {
    "bad-gestation": _("No gestational age; write weeks+days, as 24+3."),
    "duplicate-reference": _("Another row has the same reference; keep one of the two."),
    "impossible-stage": _("There is no such stage."),
    "impossible-value": _("The number is impossible here."),
    "bad-centre-setting": _("There is no such setting of the centre, or its value is no text."),
    "bad-reference-pattern": _("The pattern of references cannot be used; write it as C-####, with a digit in it."),
    "no-centre": _("There is no centre yet; load a centre file first."),
    "reference-converted": _(
        "The reference looks like a date, TRUE or 1E+15, which a spreadsheet made of it; set the column to text and "
        "write it again."
    ),
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

CALENDARS: Mapping[str, str] = {
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
