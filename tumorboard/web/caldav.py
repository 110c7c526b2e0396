"""DOOR: read-only CalDAV (RFC 4791) over the stored feeds: one calendar, opened by a feed token as the password.

The user name does not matter. Nothing can be written, and there is no scheduling: invitations and answers go by mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import chain
from xml.etree import ElementTree as Tree

from flask import Blueprint, Flask, request
from flask.wrappers import Response
from werkzeug.http import http_date

from tumorboard.domain.errors import BadInput
from tumorboard.formats.feed_objects import FeedObject, expand_object, read_name, split_feed
from tumorboard.services import feeds
from tumorboard.services.feeds import FeedHead, answer_free_busy
from tumorboard.web.auth import database
from tumorboard.web.caldav_log_in import count_failure, find_head
from tumorboard.web.caldav_xml import (
    MOST_BYTES,
    BadRequestBody,
    Wanted,
    caldav,
    choose_objects,
    dav,
    element,
    make_missing,
    make_response,
    read_body,
    read_hrefs,
    read_most,
    read_range,
    read_wanted,
    server,
    write_error,
    write_multistatus,
)
from tumorboard.web.feeds import CALENDAR_TYPE, answer_feed, is_known, note_use

COMPLIANCE = "1, 3, calendar-access"
ROOT, PRINCIPAL, HOME, COLLECTION = "", "principal/", "calendars/", "calendars/board/"
CHILDREN: Mapping[str, tuple[str, ...]] = {ROOT: (PRINCIPAL, HOME), PRINCIPAL: (), HOME: (COLLECTION,), COLLECTION: ()}
READING = ("OPTIONS", "GET", "HEAD", "PROPFIND", "REPORT")
WRITING = ("PUT", "DELETE", "PATCH", "PROPPATCH", "MKCALENDAR", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "ACL")
REPORTS = ("calendar-query", "calendar-multiget", "free-busy-query")
SYNC = "urn:x-tumorboard:sync:"

door = Blueprint("caldav_door", __name__)


def register_caldav(app: Flask) -> None:
    """Register the door."""
    app.register_blueprint(door)


@door.route("/.well-known/caldav", methods=[*READING, "POST"], provide_automatic_options=False)
def find_service() -> Response:
    """Where CalDAV begins (RFC 6764)."""
    response = Response(status=301)
    response.headers["Location"] = _href(ROOT)
    return response


@door.route("/caldav/", defaults={"path": ROOT}, methods=[*READING, *WRITING], provide_automatic_options=False)
@door.route("/caldav/<path:path>", methods=[*READING, *WRITING], provide_automatic_options=False)
def answer(path: str) -> Response:
    """Whatever a client asks of an address under /caldav/."""
    if request.method == "OPTIONS":
        return _finish(Response(status=200, headers={"Allow": ", ".join(READING)}))
    head = find_head()
    if head is None:
        wait = count_failure()
        if wait:
            return _refuse_for_now(wait)
        refusal = _plain(401, "The password is a calendar link's secret part; it is wrong or was ended.")
        refusal.headers["WWW-Authenticate"] = 'Basic realm="tumorboard", charset="UTF-8"'
        return refusal
    if request.method in WRITING:
        return _refuse(403, dav("need-privileges"))
    try:
        response = _read(head, path)
    except BadRequestBody as error:
        return _refuse(error.status, error.condition)
    note_use(head)
    return response


def _read(head: FeedHead, path: str) -> Response:
    if path in CHILDREN:
        if request.method == "PROPFIND":
            return _find_properties(head, path)
        if path == COLLECTION:
            return _finish(answer_feed(head)) if request.method in ("GET", "HEAD") else _report(head)
        return _refuse_method()
    name = path.removeprefix(COLLECTION)
    one = next((one for one in _objects(head) if one.name == name), None) if path.startswith(COLLECTION) else None
    if one is None:
        return _plain(404, "Not Found")
    if request.method == "PROPFIND":
        _read_depth()
        wanted = read_wanted(read_body(_body()))
        return _multistatus([make_response(_href(path), wanted, _of_object(one, wanted))])
    return _show_object(head, one) if request.method in ("GET", "HEAD") else _refuse_method()


def _show_object(head: FeedHead, one: FeedObject) -> Response:
    if is_known(one.etag, head):
        response = Response(status=304)
    else:
        response = Response(one.content, content_type=CALENDAR_TYPE)
    response.headers["ETag"] = f'"{one.etag}"'
    response.headers["Last-Modified"] = http_date(head.modified_at)
    return _finish(response)


def _find_properties(head: FeedHead, path: str) -> Response:
    depth = _read_depth()
    wanted = read_wanted(read_body(_body()))
    content = feeds.read_feed(database(), head)
    places = [path, *CHILDREN[path]] if depth == 1 else [path]
    found = [make_response(_href(place), wanted, _of_place(head, place, content)) for place in places]
    objects = split_feed(content) if depth == 1 and path == COLLECTION else ()
    return _multistatus(chain(found, (_describe(one, wanted) for one in objects)))


def _report(head: FeedHead) -> Response:
    root = read_body(_body())
    if root is None:
        raise BadRequestBody(400)
    if root.tag == caldav("free-busy-query"):
        return _answer_free_busy(head, root)
    wanted = read_wanted(root)
    if root.tag == caldav("calendar-query"):
        return _multistatus(_describe(one, wanted) for one in choose_objects(root, _objects(head)))
    if root.tag == caldav("calendar-multiget"):
        return _multistatus(_fetch(head, root, wanted))
    if root.tag == dav("sync-collection"):
        return _synchronise(head, root, wanted)
    raise BadRequestBody(403, dav("supported-report"))


def _fetch(head: FeedHead, root: Tree.Element, wanted: Wanted) -> Iterator[Tree.Element]:
    objects = {_href(f"{COLLECTION}{one.name}"): one for one in _objects(head)}
    for path, asked in read_hrefs(root).items():
        yield _describe(objects[path], wanted) if path in objects else make_missing(asked)


def _synchronise(head: FeedHead, root: Tree.Element, wanted: Wanted) -> Response:
    """What changed since a token (RFC 6578). Only the present state is kept, so an older token asks for all again.

    Nor is there a token of a part: more than the client takes is refused (3.7).
    """
    known = (root.findtext(dav("sync-token")) or "").strip()
    level = (root.findtext(dav("sync-level")) or "1").strip()
    if level not in ("1", "infinite"):
        raise BadRequestBody(400)
    token = f"{SYNC}{head.etag}"
    if known not in ("", token):
        raise BadRequestBody(403, dav("valid-sync-token"))
    changed = () if known == token else _objects(head)
    most = read_most(root)
    if most is not None and len(changed) > most:
        raise BadRequestBody(507, dav("number-of-matches-within-limits"))
    return _multistatus((_describe(one, wanted) for one in changed), element(dav("sync-token"), text=token))


def _answer_free_busy(head: FeedHead, root: Tree.Element) -> Response:
    asked = root.find(caldav("time-range"))
    if asked is None or asked.get("start") is None or asked.get("end") is None:
        raise BadRequestBody(400, caldav("valid-filter"))
    start, end = read_range(asked)
    try:
        content = answer_free_busy(database(), head, start=start, end=end)
    except BadInput:
        raise BadRequestBody(403, caldav("valid-filter")) from None
    return _finish(Response(content, content_type=CALENDAR_TYPE))


def _objects(head: FeedHead) -> tuple[FeedObject, ...]:
    return split_feed(feeds.read_feed(database(), head))


def _describe(one: FeedObject, wanted: Wanted) -> Tree.Element:
    return make_response(_href(f"{COLLECTION}{one.name}"), wanted, _of_object(one, wanted))


def _of_object(one: FeedObject, wanted: Wanted) -> dict[str, Tree.Element]:
    known = {
        dav("resourcetype"): element(dav("resourcetype")),
        dav("getetag"): element(dav("getetag"), text=f'"{one.etag}"'),
        dav("getcontenttype"): element(dav("getcontenttype"), text=f"{CALENDAR_TYPE}; component=VEVENT"),
        dav("getcontentlength"): element(dav("getcontentlength"), text=str(len(one.content))),
        **_of_everything(),
    }
    if wanted.names is not None and caldav("calendar-data") in wanted.names:
        content = one.content if wanted.expanded is None else expand_object(one, wanted.expanded)
        known[caldav("calendar-data")] = element(caldav("calendar-data"), text=content.decode())
    return known


def _of_place(head: FeedHead, path: str, content: bytes) -> dict[str, Tree.Element]:
    """The properties of the root, the principal, the calendar home and the calendar."""
    kinds = {PRINCIPAL: [element(dav("principal"))], COLLECTION: [element(caldav("calendar"))]}.get(path, [])
    known = {
        dav("resourcetype"): element(dav("resourcetype"), element(dav("collection")), *kinds),
        dav("displayname"): element(dav("displayname"), text=read_name(content)),
        **_of_everything(),
    }
    if path != COLLECTION:
        known[dav("principal-URL")] = element(dav("principal-URL"), _link(PRINCIPAL))
        known[caldav("calendar-home-set")] = element(caldav("calendar-home-set"), _link(HOME))
        return known
    reports = [*(caldav(name) for name in REPORTS), dav("sync-collection")]
    return known | {
        dav("getetag"): element(dav("getetag"), text=f'"{head.etag}"'),
        dav("getlastmodified"): element(dav("getlastmodified"), text=http_date(head.modified_at)),
        dav("sync-token"): element(dav("sync-token"), text=f"{SYNC}{head.etag}"),
        server("getctag"): element(server("getctag"), text=head.etag),
        dav("supported-report-set"): element(
            dav("supported-report-set"),
            *(element(dav("supported-report"), element(dav("report"), element(name))) for name in reports),
        ),
        caldav("supported-calendar-component-set"): element(
            caldav("supported-calendar-component-set"), element(caldav("comp"), name="VEVENT")
        ),
        caldav("supported-calendar-data"): element(
            caldav("supported-calendar-data"),
            element(caldav("calendar-data"), **{"content-type": "text/calendar", "version": "2.0"}),
        ),
    }


def _of_everything() -> dict[str, Tree.Element]:
    privileges = [element(dav("privilege"), element(dav(name))) for name in ("read", "read-current-user-privilege-set")]
    return {
        dav("current-user-principal"): element(dav("current-user-principal"), _link(PRINCIPAL)),
        dav("owner"): element(dav("owner"), _link(PRINCIPAL)),
        dav("current-user-privilege-set"): element(dav("current-user-privilege-set"), *privileges),
    }


def _link(path: str) -> Tree.Element:
    return element(dav("href"), text=_href(path))


def _href(path: str) -> str:
    """The address of a place, below where a web server may have mounted the application."""
    return f"{request.environ.get('SCRIPT_NAME', '')}/caldav/{path}"


def _read_depth() -> int:
    depth = request.headers.get("Depth", "infinity")
    if depth not in ("0", "1"):
        raise BadRequestBody(403, dav("propfind-finite-depth"))
    return int(depth)


def _body() -> bytes:
    return request.stream.read(MOST_BYTES + 1)


def _multistatus(responses: Iterable[Tree.Element], *more: Tree.Element) -> Response:
    return _finish(Response(write_multistatus(responses, *more), 207, content_type="application/xml; charset=utf-8"))


def _refuse(status: int, condition: str = "") -> Response:
    if not condition:
        return _plain(status, HTTPStatus(status).phrase)
    return _finish(Response(write_error(condition), status, content_type="application/xml; charset=utf-8"))


def _refuse_for_now(seconds: int) -> Response:
    response = _plain(429, "Too many wrong passwords; make a new calendar link and give its secret part.")
    response.headers["Retry-After"] = str(seconds)
    return response


def _refuse_method() -> Response:
    response = _plain(405, "Method Not Allowed")
    response.headers["Allow"] = ", ".join(READING)
    return response


def _plain(status: int, text: str) -> Response:
    return _finish(Response(f"{text}\n", status, mimetype="text/plain"))


def _finish(response: Response) -> Response:
    response.headers["DAV"] = COMPLIANCE
    response.headers.setdefault("Cache-Control", "private, max-age=0")
    response.headers["X-Robots-Tag"] = "noindex"
    return response
