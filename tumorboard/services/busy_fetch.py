"""Fetches somebody's calendar by https from an allowed host: one connection to a checked address, bounded in all ways.

The host is resolved once and the connection goes to exactly the address that was checked, so that a name that changes
its mind in between (DNS rebinding) leads nowhere. No redirects, no proxies, no cookies. Messages name the host only:
the rest of an address is a secret.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.exceptions import TimeoutError as WaitedTooLong

from tumorboard.domain.errors import BadInput
from tumorboard.formats.busy import LIMITS
from tumorboard.services.busy_connection import CheckedConnection, Watch, watch_time
from tumorboard.services.busy_network import HTTPS_PORT, Network

LONGEST_ADDRESS = 1000
USER_AGENT = "tumorboard/1 (reads busy times)"
INTERNET = Network()

_CHUNK = 64 * 1024
_MOST_TRIED = 3
"""Addresses of one host that are tried one after the other."""
_LONGEST_ETAG, _LONGEST_DATE = 300, 100
_SCHEMES = ("https", "webcal", "webcals")
_REFUSED: Mapping[int, tuple[str, str]] = {
    401: ("fetch-unauthorized", "asks for a log-in; give a secret link of the calendar that needs none"),
    403: ("fetch-forbidden", "does not give the calendar to anybody else; make a new secret link"),
    404: ("fetch-not-found", "has no calendar there any more; make a new secret link"),
    410: ("fetch-not-found", "has no calendar there any more; make a new secret link"),
    429: ("fetch-too-often", "was asked too often; it is tried again later"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a calendar lies: host in small letters, and path with query as they are asked for."""

    host: str
    target: str

    @property
    def url(self) -> str:
        """The whole address, a secret."""
        return f"https://{self.host}{self.target}"


@dataclass(frozen=True, slots=True)
class Fetched:
    """The calendar, None when it is the same as the one with these marks."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


def read_address(text: str, *, hosts: Sequence[str]) -> Address:
    """An address to fetch from; `webcal://` is read as `https://`.

    Raises BadInput `address-off` where nothing is fetched at all, `address-wrong`, `address-not-https`,
    `address-not-allowed` for a host that is not one of `hosts`.
    """
    if not hosts:
        raise BadInput("this centre fetches no calendars; upload the .ics file", code="address-off", field="address")
    text = text.strip()
    if not text or len(text) > LONGEST_ADDRESS or not text.isprintable() or " " in text:
        raise _wrong()
    scheme = text.partition(":")[0].lower()
    if scheme not in _SCHEMES:
        raise BadInput("give an address that begins with https://", code="address-not-https", field="address")
    try:
        parts = urllib3.util.parse_url(f"https:{text.partition(':')[2]}")
    except LocationParseError:
        raise _wrong() from None
    host = (parts.host or "").lower().rstrip(".")
    if not host or parts.auth or parts.port not in (None, HTTPS_PORT):
        raise _wrong()
    if host not in hosts:
        raise BadInput(
            f"calendars are fetched from {', '.join(hosts)} only; upload the .ics file, or ask the IT staff",
            code="address-not-allowed", field="address",
        )  # fmt: skip
    return Address(host, parts.request_uri)


def _wrong() -> BadInput:
    message = f"this is no web address of at most {LONGEST_ADDRESS} signs without a password and a port of its own"
    return BadInput(message, code="address-wrong", field="address")


def fetch_calendar(
    address: Address, *, etag: str = "", last_modified: str = "", network: Network = INTERNET,
    most_bytes: int = LIMITS.content_bytes,
) -> Fetched:  # fmt: skip
    """The calendar at an address, or that it is the same as the one with `etag` or `last_modified`.

    Raises BadInput with a code for everything that can go wrong; nothing takes longer than the network's seconds.
    """
    ends_at = time.monotonic() + network.total_seconds
    found = network.find_addresses(address.host, min(network.connect_seconds, network.total_seconds))
    with watch_time(ends_at) as watch:
        try:
            fetched = _ask_each(address, found, watch, network, _marks(etag, last_modified), most_bytes)
            if time.monotonic() < ends_at:
                return fetched
        except BadInput:
            if time.monotonic() < ends_at:
                raise
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if time.monotonic() < ends_at and not isinstance(error, (TimeoutError, WaitedTooLong)):
                raise _broken(address.host) from error
    raise BadInput(
        f"{address.host} did not give the calendar within {network.total_seconds:g} seconds", code="fetch-timeout"
    )


def _marks(etag: str, last_modified: str) -> dict[str, str]:
    given = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in given.items() if value}


def _ask_each(
    address: Address, found: Sequence[str], watch: Watch, network: Network, marks: Mapping[str, str], most_bytes: int
) -> Fetched:
    """From the first of its addresses that can be reached."""
    for checked in found[:_MOST_TRIED]:
        line = CheckedConnection(address.host, checked, watch, network)
        try:
            _connect(line, address)
            return _ask(line, address, marks, most_bytes)
        except _NotReached:
            continue
        finally:
            line.close()
    raise BadInput(f"{address.host} cannot be reached; it is tried again later", code="fetch-unreachable")


class _NotReached(Exception):
    """Nobody answers at one address; the next one may."""


def _connect(line: CheckedConnection, address: Address) -> None:
    try:
        line.connect()
    except ssl.SSLCertVerificationError:
        raise BadInput(
            f"the certificate of {address.host} is not right; ask who runs it", code="fetch-certificate"
        ) from None
    except (HTTPError, OSError) as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            raise BadInput(
                f"the certificate of {address.host} is not right; ask who runs it", code="fetch-certificate"
            ) from None
        raise _NotReached from error


def _ask(line: CheckedConnection, address: Address, marks: Mapping[str, str], most_bytes: int) -> Fetched:
    host = address.host
    headers = {
        "Host": host, "Accept": "text/calendar, */*;q=0.1", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT,
        "Connection": "close", **marks,
    }  # fmt: skip
    line.request("GET", address.target, headers=headers, preload_content=False, decode_content=False)
    response = line.getresponse()
    try:
        return _take(host, response, marks, most_bytes)
    finally:
        response.close()


def _take(host: str, response: urllib3.BaseHTTPResponse, marks: Mapping[str, str], most_bytes: int) -> Fetched:
    status = response.status
    if status == HTTPStatus.NOT_MODIFIED and marks:
        return Fetched(None, marks.get("If-None-Match", ""), marks.get("If-Modified-Since", ""))
    if status != HTTPStatus.OK:
        raise _refusal(host, status, response.headers.get("Location", ""))
    content = _read_body(host, response, most_bytes)
    _refuse_web_page(content, response.headers.get("Content-Type", ""))
    return Fetched(
        content,
        _header(response.headers.get("ETag", ""), _LONGEST_ETAG),
        _header(response.headers.get("Last-Modified", ""), _LONGEST_DATE),
    )


def _header(value: str, longest: int) -> str:
    """A mark to send back; none where it is too long or not in plain signs."""
    return value if len(value) <= longest and value.isascii() and value.isprintable() else ""


def _refusal(host: str, status: int, location: str) -> BadInput:
    if 300 <= status < 400 and status != HTTPStatus.NOT_MODIFIED:
        to = _host_of(location)
        where = f" to {to}" if to else ""
        return BadInput(
            f"{host} leads on{where}, and that is not followed; give the last address itself", code="fetch-redirected"
        )
    if status in _REFUSED:
        code, what = _REFUSED[status]
        return BadInput(f"{host} answers {status}: it {what}", code=code)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return BadInput(f"{host} answers {status}: it has a problem; it is tried again later", code="fetch-failed")
    return BadInput(f"{host} answers {status} and gives no calendar", code="fetch-refused")


def _host_of(location: str) -> str:
    """The host only; the rest may be a secret."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return ""
    return host[:100] if host.isprintable() else ""


def _read_body(host: str, response: urllib3.BaseHTTPResponse, most_bytes: int) -> bytes:
    """The body, never more of it than allowed, neither packed nor unpacked."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise _broken(host)
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in coding else None
    parts: list[bytes] = []
    packed = unpacked = 0
    while chunk := response.read(_CHUNK, decode_content=False):
        packed += len(chunk)
        try:
            part = unpack.decompress(chunk, most_bytes + 1 - unpacked) if unpack else chunk
        except zlib.error:
            raise _broken(host) from None
        parts.append(part)
        unpacked += len(part)
        if max(packed, unpacked) > most_bytes:
            raise BadInput(
                f"the calendar of {host} is larger than {most_bytes / 1e6:.0f} MB; give one that begins later",
                code="too-large",
            )
    if unpack is not None and not unpack.eof:
        raise _broken(host)
    return b"".join(parts)


def _broken(host: str) -> BadInput:
    return BadInput(f"the answer of {host} is broken; it is tried again later", code="fetch-broken")


def _refuse_web_page(content: bytes, content_type: str) -> None:
    begin = content[:2_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    is_page = content_type.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    if begin.startswith(b"<") or (is_page and not begin[:6].upper() == b"BEGIN:"):
        raise BadInput(
            "the address answered with a web page, no calendar; give the secret link of the calendar itself",
            code="not-a-calendar",
        )
