"""A small https server with a certificate of its own, for tests of what is fetched."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tumorboard.services.busy_network import Network

HOST = "calendar.hospital.example"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says; `pieces` are sent with a pause before each."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Sequence[bytes] = ()
    pause_seconds: float = 0.0
    has_length: bool = True


@dataclass(slots=True)
class HttpsServer:
    """A server on the loopback; `answer` says what it gives for a path and the headers of the question."""

    port: int
    certificate: Path
    answers: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)

    def network(self, **changes: object) -> Network:
        """A network in which every name is this server, with its certificate trusted."""

        def resolve(host: str, _seconds: float) -> Sequence[str]:
            self.resolved.append(host)
            return ("127.0.0.1",)

        values: dict[str, object] = {
            "resolve": resolve,
            "is_allowed": lambda address: address == "127.0.0.1",
            "make_context": lambda: ssl.create_default_context(cafile=str(self.certificate)),
            "port": self.port,
        }
        return Network(**{**values, **changes})  # type: ignore[arg-type]


def make_certificate(folder: Path, host: str = HOST) -> tuple[Path, Path]:
    """A certificate for a host, signed by itself, and its key; skips the test where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl to make a certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}", "-addext",
         f"subjectAltName=DNS:{host}", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextmanager
def serve_https(certificate: Path, key: Path) -> Iterator[HttpsServer]:
    """A server until the end of the block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            running.asked.append((self.path, dict(self.headers)))
            known = running.answers.get(self.path, Answer(404))
            said = known(self.headers) if callable(known) else known  # type: ignore[arg-type]
            self.close_connection = True
            with suppress(OSError):  # the client had enough
                self._say(said)

        def _say(self, said: Answer) -> None:
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.has_length and "Content-Length" not in said.headers:
                self.send_header("Content-Length", str(len(said.body) + sum(map(len, said.pieces))))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(said.body)
            for piece in said.pieces:
                self.wfile.flush()
                time.sleep(said.pause_seconds)
                self.wfile.write(piece)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: object, client_address: object) -> None:
            request.settimeout(10)  # type: ignore[attr-defined]
            with context.wrap_socket(request, server_side=True) as secured:  # type: ignore[arg-type]
                super().finish_request(secured, client_address)  # type: ignore[arg-type]

        def handle_error(self, *_: object) -> None:
            pass  # handshakes that the client breaks off are what the tests want

    server = Server(("127.0.0.1", 0), Handler)
    running = HttpsServer(server.server_address[1], certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of the server and its key, made once."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(certified: tuple[Path, Path]) -> Iterator[HttpsServer]:
    """A running server without an answer yet."""
    with serve_https(*certified) as running:
        yield running
