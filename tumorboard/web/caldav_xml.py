"""The XML of CalDAV (RFC 4918, 4791, 6578): what a client asks, read without entities, and multistatus answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as Tree

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]

from tumorboard.domain.timeline import Interval
from tumorboard.formats.feed_objects import FeedObject

DAV, CALDAV, SERVER = "DAV:", "urn:ietf:params:xml:ns:caldav", "http://calendarserver.org/ns/"
MOST_BYTES = 64 * 1024
"""Of a body that is read."""
MOST_NAMES, MOST_HREFS, MOST_CONDITIONS = 100, 1_000, 100
MOST_ANSWER_BYTES = 20_000_000
_MOST_DIGITS = 9
_ELEMENT_BYTES = 64
"""What the tags around a text take, at least, in memory too."""
_EARLIEST, _LATEST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

for _prefix, _space in (("d", DAV), ("c", CALDAV), ("cs", SERVER)):
    Tree.register_namespace(_prefix, _space)


class BadRequestBody(Exception):
    """The body is no XML of the kind that was expected, or asks for what is not offered: `condition` says what."""

    def __init__(self, status: int, condition: str = "") -> None:
        super().__init__(condition or "no readable XML")
        self.status = status
        self.condition = condition


@dataclass(frozen=True, slots=True)
class Wanted:
    """The properties a client asks for by name; None for all that are cheap. `only_names` leaves their values out.

    Within `expanded` each instance of a series is to be given by itself.
    """

    names: tuple[str, ...] | None
    only_names: bool = False
    expanded: Interval | None = None


def dav(name: str) -> str:
    """A name of WebDAV."""
    return f"{{{DAV}}}{name}"


def caldav(name: str) -> str:
    """A name of CalDAV."""
    return f"{{{CALDAV}}}{name}"


def server(name: str) -> str:
    """A name of Apple's calendar server."""
    return f"{{{SERVER}}}{name}"


def element(name: str, /, *children: Tree.Element, text: str | None = None, **attributes: str) -> Tree.Element:
    """An element with what it holds."""
    made = Tree.Element(name, attributes)
    made.text = text
    made.extend(children)
    return made


def read_body(content: bytes) -> Tree.Element | None:
    """The root of the body, None for an empty one. Raises BadRequestBody 413 or 400."""
    if len(content) > MOST_BYTES:
        raise BadRequestBody(413)
    if not content.strip():
        return None
    try:
        root: Tree.Element = fromstring(content, forbid_dtd=True)
    except (Tree.ParseError, DefusedXmlException, ValueError, LookupError):
        raise BadRequestBody(400) from None
    return root


def read_wanted(root: Tree.Element | None) -> Wanted:
    """What a PROPFIND or a REPORT asks for, each name once (RFC 4918, 9.1). Raises BadRequestBody 403 for too many."""
    if root is None or root.find(dav("allprop")) is not None:
        return Wanted(None)
    if root.find(dav("propname")) is not None:
        return Wanted(None, only_names=True)
    found = root.find(dav("prop"))
    if found is None:
        return Wanted(None)
    names = tuple(dict.fromkeys(child.tag for child in found))
    if len(names) > MOST_NAMES:
        raise BadRequestBody(403)
    expand = found.find(f"{caldav('calendar-data')}/{caldav('expand')}")
    return Wanted(names, expanded=None if expand is None else _read_period(expand))


def _read_period(found: Tree.Element) -> Interval:
    """A time range with both ends. Raises BadRequestBody."""
    if found.get("start") is None or found.get("end") is None:
        raise BadRequestBody(400)
    return Interval(*read_range(found))


def read_most(root: Tree.Element) -> int | None:
    """How many answers a client takes at most (RFC 5323, 5.17); None for any number. Raises BadRequestBody."""
    text = root.findtext(f"{dav('limit')}/{dav('nresults')}")
    if text is None:
        return None
    if not (text.strip().isascii() and text.strip().isdigit()) or len(text.strip()) > _MOST_DIGITS:
        raise BadRequestBody(400)
    return int(text)


def read_hrefs(root: Tree.Element) -> dict[str, str]:
    """The resources a `calendar-multiget` asks for, each once: the path, and how it was written.

    What is no address stands as it was written: nothing is there. Raises BadRequestBody 507 for too many.
    """
    found: dict[str, str] = {}
    for asked in root.findall(dav("href")):
        text = (asked.text or "").strip()
        try:
            found.setdefault(unquote(urlsplit(text).path), text)
        except ValueError:
            found.setdefault(text, text)
    if len(found) > MOST_HREFS:
        raise BadRequestBody(507, dav("number-of-matches-within-limits"))
    return found


def read_range(found: Tree.Element) -> tuple[datetime, datetime]:
    """A `time-range`; an open end is far away. Raises BadRequestBody `valid-filter`."""
    try:
        start = _read_stamp(found.get("start"), _EARLIEST)
        end = _read_stamp(found.get("end"), _LATEST)
    except ValueError:
        raise BadRequestBody(400, caldav("valid-filter")) from None
    if start >= end or (found.get("start") is None and found.get("end") is None):
        raise BadRequestBody(400, caldav("valid-filter"))
    return start, end


def _read_stamp(text: str | None, otherwise: datetime) -> datetime:
    return otherwise if text is None else datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def choose_objects(root: Tree.Element, objects: Iterable[FeedObject]) -> list[FeedObject]:
    """The objects a `calendar-query` selects (RFC 4791, 9.7).

    Understood: the component, its time range, and whether a property is there, is not, or holds a text. Raises
    BadRequestBody `valid-filter`, `supported-filter`, `supported-collation`.
    """
    calendar = root.find(f"{caldav('filter')}/{caldav('comp-filter')}")
    if calendar is None or calendar.get("name") != "VCALENDAR":
        raise BadRequestBody(400, caldav("valid-filter"))
    if sum(1 for _ in calendar.iter()) > MOST_CONDITIONS:
        raise BadRequestBody(403, caldav("supported-filter"))
    chosen = list(objects)
    for part in calendar:
        if part.tag != caldav("comp-filter"):
            raise BadRequestBody(403, caldav("supported-filter"))
        is_there = part.get("name") == "VEVENT"
        if part.find(caldav("is-not-defined")) is not None:
            is_there = not is_there
            part = Tree.Element(part.tag)
        chosen = [one for one in chosen if _fits(part, one)] if is_there else []
    return chosen


def _fits(component: Tree.Element, one: FeedObject) -> bool:
    for condition in component:
        if condition.tag == caldav("time-range"):
            start, end = read_range(condition)
            if not any(span.start < end and start < span.end for span in one.spans):
                return False
        elif condition.tag == caldav("prop-filter"):
            if not any(_has_property(condition, lines) for lines in one.lines):
                return False
        elif condition.tag == caldav("comp-filter") and condition.get("name") == "VALARM":
            has_alarm = any("BEGIN:VALARM" in lines for lines in one.lines)
            if has_alarm is not (condition.find(caldav("is-not-defined")) is None):
                return False
        else:
            raise BadRequestBody(403, caldav("supported-filter"))
    return True


def _has_property(condition: Tree.Element, lines: Iterable[str]) -> bool:
    name = (condition.get("name") or "").upper()
    values = [line.partition(":")[2] for line in lines if line.upper().startswith((f"{name}:", f"{name};"))]
    if condition.find(caldav("is-not-defined")) is not None:
        return not values
    if condition.find(caldav("param-filter")) is not None or condition.find(caldav("time-range")) is not None:
        raise BadRequestBody(403, caldav("supported-filter"))
    text = condition.find(caldav("text-match"))
    if text is None:
        return bool(values)
    collation = text.get("collation", "i;ascii-casemap")
    if collation not in ("i;ascii-casemap", "i;octet", "i;unicode-casemap", "default"):
        raise BadRequestBody(403, caldav("supported-collation"))
    wanted = text.text or ""
    if collation != "i;octet":
        wanted, values = wanted.casefold(), [value.casefold() for value in values]
    is_negated = text.get("negate-condition") == "yes"
    return any(wanted in value for value in values) is not is_negated


def write_multistatus(
    responses: Iterable[Tree.Element], *more: Tree.Element, most_bytes: int = MOST_ANSWER_BYTES
) -> bytes:
    """The body of a 207. Raises BadRequestBody 507 as soon as it gets longer than `most_bytes`."""
    root, size = element(dav("multistatus")), 0
    for response in responses:
        size += sum(_ELEMENT_BYTES + len(one.tag) + len((one.text or "").encode()) for one in response.iter())
        if size > most_bytes:
            raise BadRequestBody(507, dav("number-of-matches-within-limits"))
        root.append(response)
    root.extend(more)
    return _write(root)


def write_error(condition: str) -> bytes:
    """The body of a refusal that names the precondition."""
    return _write(element(dav("error"), element(condition)))


def make_response(href: str, wanted: Wanted, known: Mapping[str, Tree.Element]) -> Tree.Element:
    """One resource with the properties it has, and the names of those it has not."""
    names = tuple(known) if wanted.names is None else wanted.names
    has = [element(name) if wanted.only_names else known[name] for name in names if name in known]
    lacks = [element(name) for name in names if name not in known]
    parts = [_propstat(has, "200 OK")] if has or not lacks else []
    parts += [_propstat(lacks, "404 Not Found")] if lacks else []
    return element(dav("response"), element(dav("href"), text=href), *parts)


def make_missing(href: str) -> Tree.Element:
    """A resource that is not there."""
    return element(
        dav("response"), element(dav("href"), text=href), element(dav("status"), text="HTTP/1.1 404 Not Found")
    )


def _propstat(properties: Iterable[Tree.Element], status: str) -> Tree.Element:
    return element(
        dav("propstat"), element(dav("prop"), *properties), element(dav("status"), text=f"HTTP/1.1 {status}")
    )


def _write(root: Tree.Element) -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>\n{Tree.tostring(root, encoding="unicode")}'.encode()
