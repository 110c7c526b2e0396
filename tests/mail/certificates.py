"""A certificate authority of the test's own, and servers on the loopback that show its certificate."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Certified:
    """Files of a server's certificate: who believes in `authority` believes in `certificate`, whose key is `key`."""

    authority: Path
    certificate: Path
    key: Path


def make_authority(folder: Path, host: str = "localhost") -> Certified:
    """An authority and a certificate for a host that it signed; skips the test where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl to make certificates")
    found = Certified(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key, request, names = folder / "authority.key", folder / "server.csr", folder / "names.txt"
    names.write_text(f"subjectAltName=DNS:{host}\n")
    _openssl(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=Test authority",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-keyout",
        authority_key,
        "-out",
        found.authority,
    )
    _openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", found.key, "-out", request)
    _openssl("x509", "-req", "-in", request, "-CA", found.authority, "-CAkey", authority_key, "-CAcreateserial",
             "-days", "2", "-extfile", names, "-out", found.certificate)  # fmt: skip
    return found


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
