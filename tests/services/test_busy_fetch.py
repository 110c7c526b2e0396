"""Calendars fetched by https: one checked address, everything bounded, every failure with its code."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.services.https_server import HOST, Answer, HttpsServer
from tumorboard.domain.errors import BadInput
from tumorboard.services.busy_fetch import USER_AGENT, Fetched, fetch_calendar, read_address
from tumorboard.services.busy_network import Network, is_public, resolve_host

SECRET = "/private-1a2b3c4d5e6f/basic.ics"
CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nEND:VCALENDAR\r\n"


def fetch(server: HttpsServer, answer: object = None, *, network: Network | None = None, **marks: str) -> Fetched:
    if answer is not None:
        server.answers[SECRET] = answer  # type: ignore[assignment]
    address = read_address(f"https://{HOST}{SECRET}", hosts=(HOST,))
    return fetch_calendar(address, network=network or server.network(), **marks)  # type: ignore[arg-type]


def refusal(server: HttpsServer, answer: object = None, **kwargs: object) -> BadInput:
    with pytest.raises(BadInput) as refused:
        fetch(server, answer, **kwargs)  # type: ignore[arg-type]
    assert SECRET not in str(refused.value)
    return refused.value


def test_calendar_is_fetched_with_its_marks_and_our_name(server: HttpsServer) -> None:
    headers = {"ETag": '"7"', "Last-Modified": "Sun, 22 Nov 2026 03:00:00 GMT", "Content-Type": "text/calendar"}

    fetched = fetch(server, Answer(body=CALENDAR, headers=headers))

    assert fetched == Fetched(CALENDAR, '"7"', "Sun, 22 Nov 2026 03:00:00 GMT")
    path, asked = server.asked[0]
    assert (path, asked["Host"], asked["User-Agent"]) == (SECRET, HOST, USER_AGENT)
    assert {"Cookie", "Authorization", "Referer"} & set(asked) == set()


def test_secret_of_the_address_stands_in_no_log(server: HttpsServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    fetch(server, Answer(body=CALENDAR))
    refusal(server, Answer(500))

    assert "private-1a2b3c4d5e6f" not in caplog.text


def test_unchanged_calendar_is_not_sent_again(server: HttpsServer) -> None:
    def answer(headers: Mapping[str, str]) -> Answer:
        return Answer(304) if headers.get("If-None-Match") == '"7"' else Answer(body=CALENDAR, headers={"ETag": '"8"'})

    same = fetch(server, answer, etag='"7"', last_modified="Sun, 22 Nov 2026 03:00:00 GMT")
    new = fetch(server, etag='"6"')

    assert same == Fetched(None, '"7"', "Sun, 22 Nov 2026 03:00:00 GMT")
    assert new == Fetched(CALENDAR, '"8"', "")
    assert server.asked[0][1]["If-Modified-Since"] == "Sun, 22 Nov 2026 03:00:00 GMT"


def test_not_modified_without_a_question_is_no_answer(server: HttpsServer) -> None:
    assert refusal(server, Answer(304)).code == "fetch-refused"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "fetch-unauthorized"),
        (403, "fetch-forbidden"),
        (404, "fetch-not-found"),
        (410, "fetch-not-found"),
        (418, "fetch-refused"),
        (429, "fetch-too-often"),
        (500, "fetch-failed"),
        (503, "fetch-failed"),
        (204, "fetch-refused"),
    ],
)
def test_status_has_a_code(server: HttpsServer, status: int, code: str) -> None:
    refused = refusal(server, Answer(status))

    assert (refused.code, str(status) in str(refused)) == (code, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_named_and_not_followed(server: HttpsServer, status: int) -> None:
    to = "https://login.elsewhere.example/secret-token?next=1"

    refused = refusal(server, Answer(status, headers={"Location": to}))

    assert (refused.code, "login.elsewhere.example" in str(refused), "secret-token" in str(refused)) == (
        "fetch-redirected", True, False,
    )  # fmt: skip
    assert len(server.asked) == 1


@pytest.mark.parametrize("location", ["https://[broken", "\x7f", ""])
def test_redirect_to_nowhere_is_a_redirect(server: HttpsServer, location: str) -> None:
    assert refusal(server, Answer(302, headers={"Location": location})).code == "fetch-redirected"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<!DOCTYPE html><title>Sign in</title>", headers={"Content-Type": "text/html; charset=utf-8"}),
        Answer(body=b"\xef\xbb\xbf\n <html>", headers={"Content-Type": "text/calendar"}),
        Answer(body=b"please log in", headers={"Content-Type": "text/html"}),
    ],
)
def test_web_page_is_named_as_such(server: HttpsServer, answer: Answer) -> None:
    refused = refusal(server, answer)

    assert (refused.code, str(refused).startswith("the address answered with a web page")) == ("not-a-calendar", True)


def test_calendar_that_is_called_a_web_page_is_taken(server: HttpsServer) -> None:
    assert fetch(server, Answer(body=CALENDAR, headers={"Content-Type": "text/html"})).content == CALENDAR


def test_packed_calendar_is_unpacked(server: HttpsServer) -> None:
    answer = Answer(body=gzip.compress(CALENDAR), headers={"Content-Encoding": "gzip"})

    assert fetch(server, answer).content == CALENDAR


def test_packed_bomb_ends_at_the_limit(server: HttpsServer) -> None:
    bomb = gzip.compress(b"BEGIN:VCALENDAR\r\n" + bytes(300_000_000), 9)
    began = time.process_time()

    refused = refusal(server, Answer(body=bomb, headers={"Content-Encoding": "gzip"}))

    assert (refused.code, time.process_time() - began < 3) == ("too-large", True)


def test_calendar_above_the_limit_is_not_read_to_its_end(server: HttpsServer) -> None:
    answer = Answer(body=b"BEGIN:VCALENDAR\r\n", pieces=[bytes(1_000_000)] * 40)

    assert refusal(server, answer).code == "too-large"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=gzip.compress(CALENDAR)[:-9], headers={"Content-Encoding": "gzip"}),
        Answer(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}),
        Answer(body=CALENDAR, headers={"Content-Encoding": "br"}),
        Answer(body=CALENDAR, headers={"Content-Length": "100000"}),
        Answer(body=b"zz\r\nxx", headers={"Transfer-Encoding": "chunked"}, has_length=False),
    ],
    ids=["cut", "no-gzip", "brotli", "short", "chunks"],
)
def test_broken_answer_is_no_calendar(server: HttpsServer, answer: Answer) -> None:
    assert refusal(server, answer).code == "fetch-broken"


def test_slow_answer_ends_when_the_time_is_over(server: HttpsServer) -> None:
    drip = Answer(body=b"BEGIN:VCALENDAR\r\n", pieces=[b"X"] * 100, pause_seconds=0.1, has_length=False)
    network = server.network(connect_seconds=1.0, total_seconds=1.0)
    began = time.monotonic()

    refused = refusal(server, drip, network=network)

    assert (refused.code, time.monotonic() - began < 3) == ("fetch-timeout", True)


def test_silent_host_ends_when_the_time_is_over(server: HttpsServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        network = server.network(port=silent.getsockname()[1], connect_seconds=5.0, total_seconds=0.5)
        began = time.monotonic()

        refused = refusal(server, network=network)

    assert (refused.code, time.monotonic() - began < 3) == ("fetch-timeout", True)


def test_endless_headers_end_when_the_time_is_over(server: HttpsServer, certified: tuple[Path, Path]) -> None:
    """Each byte comes in time, the whole never does."""
    import threading

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    over = threading.Event()

    def drip(listening: socket.socket) -> None:
        connected, _ = listening.accept()
        with connected, context.wrap_socket(connected, server_side=True) as secured:
            try:
                secured.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                while not over.wait(0.05):
                    secured.sendall(b"x")
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,))
        thread.start()
        network = server.network(port=listening.getsockname()[1], total_seconds=1.0)
        began = time.monotonic()

        refused = refusal(server, network=network)

        over.set()
        thread.join()
    assert (refused.code, time.monotonic() - began < 3) == ("fetch-timeout", True)


def test_nobody_at_the_address(server: HttpsServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    assert refusal(server, network=server.network(port=port)).code == "fetch-unreachable"


def test_next_address_is_tried_when_the_first_is_silent(server: HttpsServer) -> None:
    network = server.network(resolve=lambda *_: ("127.0.0.2", "127.0.0.1"), is_allowed=lambda _: True)

    assert fetch(server, Answer(body=CALENDAR), network=network).content == CALENDAR


def test_certificate_that_nobody_vouches_for_is_refused(server: HttpsServer) -> None:
    network = server.network(make_context=Network().make_context)

    assert refusal(server, Answer(body=CALENDAR), network=network).code == "fetch-certificate"
    assert server.asked == []


def test_certificate_of_another_host_is_refused(server: HttpsServer) -> None:
    address = read_address("https://other.hospital.example/x.ics", hosts=("other.hospital.example",))

    with pytest.raises(BadInput) as refused:
        fetch_calendar(address, network=server.network())

    assert (refused.value.code, server.asked) == ("fetch-certificate", [])


def test_name_is_resolved_once_so_that_it_cannot_change_its_mind(server: HttpsServer) -> None:
    """DNS rebinding: the first answer is checked and used; a second one would lead elsewhere."""
    answers = iter([("127.0.0.1",), ("127.0.0.99",)])
    network = server.network(resolve=lambda *_: next(answers))

    fetched = fetch(server, Answer(body=CALENDAR), network=network)

    assert (fetched.content, next(answers)) == (CALENDAR, ("127.0.0.99",))


def test_proxies_of_the_environment_are_not_used(server: HttpsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert fetch(server, Answer(body=CALENDAR)).content == CALENDAR


PRIVATE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "0.0.0.0",  # noqa: S104 - nothing is bound here
    "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.2.3",
    "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378::1",
    "no address", "", "2130706433",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_address_is_refused_whatever_it_is_wrapped_in(server: HttpsServer, address: str) -> None:
    network = server.network(resolve=lambda *_: ("93.184.215.14", address), is_allowed=Network().is_allowed)

    assert (is_public(address), refusal(server, network=network).code) == (False, "address-private")
    assert server.asked == []


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"]
)
def test_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


def test_default_network_refuses_the_own_machine(server: HttpsServer) -> None:
    """The whole default way, with the real resolver: a flaw in any part of it would reach this server."""
    address = read_address("https://localhost/x.ics", hosts=("localhost",))

    with pytest.raises(BadInput) as refused:
        fetch_calendar(address, network=Network(port=server.port))

    assert (refused.value.code, server.asked) == ("address-private", [])


def test_unknown_host_has_its_own_code(server: HttpsServer) -> None:
    def resolve(*_: object) -> tuple[str, ...]:
        raise socket.gaierror(-2, "Name or service not known")

    assert refusal(server, network=server.network(resolve=resolve)).code == "fetch-unresolved"
    assert refusal(server, network=server.network(resolve=lambda *_: ())).code == "fetch-unresolved"


def test_slow_name_server_has_its_own_code(server: HttpsServer) -> None:
    def resolve(*_: object) -> tuple[str, ...]:
        raise TimeoutError

    assert refusal(server, network=server.network(resolve=resolve)).code == "fetch-timeout"


def test_resolver_gives_addresses_and_gives_up_in_time() -> None:
    assert set(resolve_host("localhost", 5.0)) <= {"127.0.0.1", "::1"}
    with pytest.raises(OSError):
        resolve_host("x" * 70 + ".example", 5.0)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://calendar.hospital.example/a/b.ics?key=1", "https://calendar.hospital.example/a/b.ics?key=1"),
        ("webcal://calendar.hospital.example/a.ics", "https://calendar.hospital.example/a.ics"),
        ("WEBCAL://Calendar.Hospital.Example/A.ics", "https://calendar.hospital.example/A.ics"),
        (" https://calendar.hospital.example:443/a.ics#top ", "https://calendar.hospital.example/a.ics"),
        ("https://calendar.hospital.example./a.ics", "https://calendar.hospital.example/a.ics"),
        ("https://calendar.hospital.example", "https://calendar.hospital.example/"),
        ("https://calendar.hospital.example/달력.ics", "https://calendar.hospital.example/%EB%8B%AC%EB%A0%A5.ics"),
    ],
)
def test_address_is_read(text: str, url: str) -> None:
    assert read_address(text, hosts=(HOST,)).url == url


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("http://calendar.hospital.example/a.ics", "address-not-https"),
        ("ftp://calendar.hospital.example/a.ics", "address-not-https"),
        ("file:///etc/passwd", "address-not-https"),
        ("calendar.hospital.example/a.ics", "address-not-https"),
        ("https://evil.example/a.ics", "address-not-allowed"),
        ("https://sub.calendar.hospital.example/a.ics", "address-not-allowed"),
        ("https://calendar.hospital.example.evil.example/a.ics", "address-not-allowed"),
        ("https://evil.example\\@calendar.hospital.example/a.ics", "address-not-allowed"),
        ("https://calendar.hospital.example@evil.example/a.ics", "address-wrong"),
        ("https://user:password@calendar.hospital.example/a.ics", "address-wrong"),
        ("https://calendar.hospital.example:8443/a.ics", "address-wrong"),
        ("https://calendar.hospital.example/a b.ics", "address-wrong"),
        ("https://calendar.hospital.example/a\r\nX: y", "address-wrong"),
        ("https://" + "x" * 1000, "address-wrong"),
        ("https://", "address-wrong"),
        ("https://[::1]/a.ics", "address-not-allowed"),
        ("https://127.0.0.1/a.ics", "address-not-allowed"),
        ("", "address-wrong"),
    ],
)
def test_address_that_is_not_fetched(text: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_address(text, hosts=(HOST,))

    assert (refused.value.code, refused.value.values["field"]) == (code, "address")


def test_nothing_is_fetched_where_no_host_is_allowed() -> None:
    with pytest.raises(BadInput) as refused:
        read_address(f"https://{HOST}/a.ics", hosts=())

    assert refused.value.code == "address-off"
