"""A real mail house on this machine: SMTP in (aiosmtpd), mailboxes behind it (Dovecot, by LMTP), IMAP out."""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.journeys.mailroom import free_port

PASSWORD = "post"
_FIND_IN = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_SECONDS_TO_START = 10


@dataclass(slots=True)
class PostHouse:
    """Every address has a mailbox, made by its first letter; the password of each is `PASSWORD`."""

    smtp_url: str
    imap_port: int
    lmtp_port: int

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as mailboxes:
            mailboxes.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content)
        return "250 OK"

    def inbox_url(self, address: str) -> str:
        """The mailbox as TUMORBOARD_MAIL_INBOX_URL."""
        return f"imap://{address.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{self.imap_port}/INBOX"

    def fetch(self, address: str) -> list[bytes]:
        """Every letter in the mailbox, oldest first."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port) as box:
            box.login(address, PASSWORD)
            box.select("INBOX", readonly=True)
            _, (numbers,) = box.search(None, "ALL")
            return [box.fetch(number, "(RFC822)")[1][0][1] for number in numbers.split()]

    def send(self, content: bytes, *, sender: str, recipient: str) -> None:
        """Somebody writes a mail."""
        host, _, port = self.smtp_url.removeprefix("smtp://").partition(":")
        with smtplib.SMTP(host, int(port)) as post:
            post.sendmail(sender, [recipient], content)


@contextmanager
def open_posthouse() -> Iterator[PostHouse]:
    """Starts both servers; skips with a message where Dovecot is not installed."""
    program = shutil.which("dovecot", path=_FIND_IN)
    if program is None:
        pytest.skip("needs Dovecot (Debian: dovecot-imapd dovecot-lmtpd)")
    folder = Path(tempfile.mkdtemp(prefix="posthouse-"))
    folder.chmod(0o755)
    house = PostHouse("", free_port(), free_port())
    settings = folder / "dovecot.conf"
    settings.write_text(_settings(folder, house))
    said = folder / "said"
    with said.open("wb") as output:
        server = subprocess.Popen([program, "-F", "-c", str(settings)], stdout=output, stderr=output)
    controller = Controller(house, hostname="127.0.0.1", port=free_port())
    try:
        _wait_for(house.imap_port, server, said)
        controller.start()
        house.smtp_url = f"smtp://127.0.0.1:{controller.port}"
        yield house
        controller.stop()
    finally:
        server.terminate()
        server.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, house: PostHouse) -> str:
    """All mailboxes belong to one user: `nobody` when root runs the tests, else the one who does."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    mail = folder / "mail"
    mail.mkdir()
    os.chown(mail, user.pw_uid, user.pw_gid)
    unprivileged = (
        "" if os.geteuid() == 0 else f"default_internal_user = {user.pw_name}\ndefault_login_user = {user.pw_name}\n"
    )
    roots = "" if os.geteuid() == 0 else "service imap-login {\n  chroot =\n}\nservice anvil {\n  chroot =\n}\n"
    return f"""
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:{mail}/%u
{unprivileged}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={mail}/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {house.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {house.lmtp_port}
  }}
}}
{roots}
"""


def _wait_for(port: int, server: subprocess.Popen[bytes], said: Path) -> None:
    ends = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            with imaplib.IMAP4("127.0.0.1", port):
                return
        except OSError:
            if server.poll() is not None or time.monotonic() > ends:
                pytest.fail(f"Dovecot did not start: {said.read_text()}")
            time.sleep(0.1)
