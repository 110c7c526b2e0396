"""Every setting of the service. Nothing else reads the environment; `docs/configuration.md` is made from this file."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

PREFIX = "TUMORBOARD_"
INSTANCE = Path(__file__).resolve().parent / "instance"
LANGUAGES = ("ko", "en")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MAIL_SCHEMES = ("smtp", "smtp+starttls", "smtps")
INBOX_SCHEMES = ("imap", "imap+starttls", "imaps")
SHORTEST_SECRET = 32
FORM_AROUND_FILE_BYTES = 64 * 1024
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NO_PLACE = ("Factory", "localtime", "posixrules")  # names in the time zone database that stand for no place


class ConfigError(ValueError):
    """One or more settings are wrong; the text is one line and names each of them."""


def _read_database_url(text: str) -> str:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - takes a second, and a wrong time zone is known without it
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("no database URL; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME") from None
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        if not url.database:
            raise ValueError("names no database; write postgresql://USER:PASSWORD@HOST/NAME")
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if url.drivername != "sqlite":
        raise ValueError(f"{url.drivername!r} is not supported; use sqlite or postgresql")
    if not url.database or url.database == ":memory:":
        raise ValueError("names no file; write sqlite:///FILE, because web and jobs must see the same database")
    return text


def _read_secret_key(text: str) -> str:
    if text and len(text) < SHORTEST_SECRET:
        raise ValueError(f"is too short; use at least {SHORTEST_SECRET} random characters")
    return text


def _split_url(text: str) -> tuple[SplitResult, int | None]:
    """The parts and the port; a ValueError without the text, which may hold a password."""
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        raise ValueError("is no URL; look at the host and the port") from None


def _read_base_url(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+/?", text) or not _split_url(text)[0].hostname:
        raise ValueError(f"{text!r} is no address of a site; write https://HOST or http://HOST:PORT, without a path")
    return text.rstrip("/")


def _read_mail_url(text: str) -> str:
    if text == "console:":
        return text
    parts, _port = _split_url(text)
    if parts.scheme not in MAIL_SCHEMES:
        allowed = ", ".join(f"{scheme}://" for scheme in MAIL_SCHEMES)
        raise ValueError(f"{parts.scheme!r} is no way to send mail; use {allowed} or console:")
    if not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"must have the form {parts.scheme}://USER:PASSWORD@HOST:PORT, special characters as %XX")
    return text


def _read_inbox_url(text: str) -> str:
    if not text:
        return text
    parts, _port = _split_url(text)
    if parts.scheme not in INBOX_SCHEMES:
        allowed = ", ".join(f"{scheme}://" for scheme in INBOX_SCHEMES)
        raise ValueError(f"{parts.scheme!r} is no way to read mail; use {allowed}")
    if not (parts.hostname and parts.username and parts.password) or parts.query or parts.fragment:
        raise ValueError(
            f"must have the form {parts.scheme}://USER:PASSWORD@HOST:PORT/FOLDER, special characters as %XX"
        )
    return text


def _read_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(dict.fromkeys(host.strip().lower() for host in text.split(",") if host.strip()))
    for host in hosts:
        if not _DOMAIN.fullmatch(host) or re.fullmatch(r"[0-9.]+", host):
            raise ValueError(f"{host!r} is no host name; write names such as calendar.hospital.example, with commas")
    return hosts


def _read_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"{text!r} is no mail address; write name@host, without a display name")
    return text


def _read_directory(text: str) -> Path | None:
    if text and not Path(text).is_dir():
        raise ValueError(f"{text!r} is no directory; create it or leave the setting away")
    return Path(text).resolve() if text else None


def _read_font(text: str) -> Path | None:
    if not text:
        return None
    try:
        with Path(text).open("rb") as file:
            start = file.read(4)
    except OSError:
        raise ValueError(f"{text!r} cannot be read; give a TrueType font or leave the setting away") from None
    if start not in (b"\x00\x01\x00\x00", b"true", b"ttcf"):
        raise ValueError(f"{text!r} is no TrueType font; fonts with PostScript outlines cannot be embedded")
    return Path(text).resolve()


def _read_time_zone(text: str) -> str:
    try:
        if text in _NO_PLACE:
            raise ValueError(text)
        return zoneinfo.ZoneInfo(text).key
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        known = sorted(zoneinfo.available_timezones().difference(_NO_PLACE))
        same_city = [zone for zone in known if zone.rpartition("/")[2].casefold() == text.casefold().replace(" ", "_")]
        near = same_city or difflib.get_close_matches(text, known, n=1, cutoff=0.75) or ["Asia/Seoul"]
        raise ValueError(f"{text!r} is no IANA time zone; try {near[0]}") from None


def _read_country(text: str) -> str:
    from holidays.registry import COUNTRIES  # noqa: PLC0415 - a quarter of a second, only where settings are read

    if text.upper() not in {names[1] for names in COUNTRIES.values()}:
        raise ValueError(f"{text!r} is no country with known holidays; write its two letters, such as KR")
    return text.upper()


def _read_domain(text: str) -> str:
    if text and not _DOMAIN.fullmatch(text):
        raise ValueError(f"{text!r} is no domain; write hospital.example")
    return text.lower()


def _one_of(allowed: tuple[str, ...], *, upper: bool = False) -> Callable[[str], str]:
    def read(text: str) -> str:
        value = text.upper() if upper else text.lower()
        if value not in allowed:
            raise ValueError(f"{text!r} is not possible; use {' or '.join(allowed)}")
        return value

    return read


def _whole_number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,6}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return read


@dataclass(frozen=True, slots=True)
class Setting:
    """What the documentation says of one variable, and how its text is checked and converted.

    `default` is written as in the environment; `default_in_words` stands in the table where it depends on something.
    """

    default: str
    allowed: str
    meaning: str
    read: Callable[[str], object]
    default_in_words: str = ""


def _setting(
    default: str,
    allowed: str,
    meaning: str,
    read: Callable[[str], object],
    *,
    default_in_words: str = "",
    is_secret: bool = False,
) -> Any:
    """A field of Config that knows its setting."""
    setting = Setting(default, allowed, meaning, read, default_in_words)
    return field(repr=not is_secret, metadata={"setting": setting})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Checked settings. `timezone` is TUMORBOARD_TIMEZONE, and so on. Secrets stay out of the `repr`."""

    database_url: str = _setting(
        "sqlite:///tumorboard.sqlite",
        "`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`",
        "Where everything is kept. A file without a leading slash lies in `instance/`.",
        _read_database_url,
        is_secret=True,
    )
    secret_key: str = _setting(
        "",
        f"at least {SHORTEST_SECRET} random characters",
        "Signs log-in cookies and forms. Set it when the service runs on several machines; changing it logs all out.",
        _read_secret_key,
        default_in_words="made once, kept in `instance/secret_key` (mode 0600)",
        is_secret=True,
    )
    base_url: str = _setting(
        "http://127.0.0.1:5000",
        "`http://` or `https://` with host and port, no path",
        "The address people reach the service at: links in letters and calendars. With `https://` cookies are secure.",
        _read_base_url,
    )
    mail_url: str = _setting(
        "console:",
        "`smtp://`, `smtp+starttls://` or `smtps://` with `USER:PASSWORD@HOST:PORT`, or `console:`",
        "The mail server. `console:` prints letters instead of sending them.",
        _read_mail_url,
        is_secret=True,
    )
    mail_from: str = _setting(
        "tumorboard@localhost",
        "a mail address without a display name",
        "The address the service sends from; failed deliveries return there.",
        _read_address,
    )
    mail_domain: str = _setting(
        "",
        "a domain",
        "The right half of calendar UIDs and Message-IDs. Keep it for ever: a new one makes new events.",
        _read_domain,
        default_in_words="host of `BASE_URL`; if that is an IP address or `localhost`, the domain of `MAIL_FROM`",
    )
    mail_quiet_seconds: int = _setting(
        "0",
        "0 to 900",
        "How long a letter about a meeting waits for more changes: edits in that time become one letter with the last "
        "state, and what is taken back in it none. Urgent meetings never wait.",
        _whole_number(0, 900),
    )
    mail_inbox_url: str = _setting(
        "",
        "`imap://`, `imap+starttls://` or `imaps://` with `USER:PASSWORD@HOST:PORT/FOLDER`",
        "The mailbox of the boards' organizer address, where answers to invitations arrive.",
        _read_inbox_url,
        default_in_words="none: answers come by `flask mail receive`, links and pages",
        is_secret=True,
    )
    inbox_days: int = _setting(
        "400",
        "30 to 3650",
        "Days after which messages that came in and are decided are forgotten. Those that wait for a decision stay.",
        _whole_number(30, 3650),
    )
    busy_hosts: tuple[str, ...] = _setting(
        "",
        "host names, separated by commas",
        "Where members' calendars may be fetched from by https. Private addresses are refused even then.",
        _read_hosts,
        default_in_words="none: no calendar is fetched",
    )
    busy_folder: Path | None = _setting(
        "",
        "an existing directory",
        "Exported calendars of members, named by their mail address: `kim@hospital.example.ics`. Read every hour.",
        _read_directory,
        default_in_words="none",
    )
    programs_dir: Path | None = _setting(
        "",
        "an existing directory",
        "The centre's own programme files, which replace or extend the built-in ones.",
        _read_directory,
        default_in_words="none: built-in programmes only",
    )
    pdf_font: Path | None = _setting(
        "",
        "a TrueType font file with Hangul",
        "The font embedded in agendas on paper; its bold face is the file beside it whose name ends in `Bold`.",
        _read_font,
        default_in_words="NanumGothic of `/usr/share/fonts/truetype/nanum`, else the reader's own Korean font",
    )
    timezone: str = _setting(
        "Asia/Seoul",
        "an IANA time zone",
        "The centre's zone: it decides what day it is, and holds for everybody who names no other.",
        _read_time_zone,
    )
    language: str = _setting(
        "ko", "`ko` or `en`", "Language of pages and letters until somebody chooses.", _one_of(LANGUAGES)
    )
    holidays: str = _setting(
        "KR", "a two-letter country code", "Public holidays on which a series does not meet.", _read_country
    )
    upload_limit_mb: int = _setting(
        "20", "1 to 100", "Largest case list or calendar that is accepted, in MiB.", _whole_number(1, 100)
    )
    session_hours: int = _setting("12", "1 to 24", "Hours after which a log-in ends.", _whole_number(1, 24))
    plan_seconds: int = _setting(
        "5", "1 to 300", "Seconds the solver may think about one proposal.", _whole_number(1, 300)
    )
    plan_memory_mb: int = _setting(
        "2048", "256 to 65536", "Largest memory of one planning process, in MiB.", _whole_number(256, 65536)
    )
    plan_runs: int = _setting(
        "2", "1 to 64", "Proposals that are made at once; more wait until one is done.", _whole_number(1, 64)
    )
    trusted_proxies: int = _setting(
        "0", "0 to 5", "Reverse proxies in front whose `X-Forwarded-*` headers are believed.", _whole_number(0, 5)
    )
    log_level: str = _setting(
        "INFO",
        "`DEBUG`, `INFO`, `WARNING` or `ERROR`",
        "What is written to standard error. No level writes patient data.",
        _one_of(LOG_LEVELS, upper=True),
    )

    @property
    def is_secure(self) -> bool:
        """True when people reach the service over https."""
        return self.base_url.startswith("https://")

    @property
    def upload_limit_bytes(self) -> int:
        """The largest file that is read."""
        return self.upload_limit_mb * 1024 * 1024

    def for_flask(self) -> dict[str, object]:
        """The keys that Flask and its extensions read from `app.config`."""
        return {
            "SECRET_KEY": self.secret_key,
            "SQLALCHEMY_DATABASE_URI": self.database_url,
            "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # an error in the log must not hold a case
            "MAX_CONTENT_LENGTH": self.upload_limit_bytes + FORM_AROUND_FILE_BYTES,
            "PREFERRED_URL_SCHEME": "https" if self.is_secure else "http",
            "SESSION_COOKIE_NAME": "__Host-tumorboard" if self.is_secure else "tumorboard",
            "SESSION_COOKIE_SECURE": self.is_secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_COOKIE_PATH": "/",
            "PERMANENT_SESSION_LIFETIME": timedelta(hours=self.session_hours),
            "SESSION_REFRESH_EACH_REQUEST": False,
            "WTF_CSRF_TIME_LIMIT": None,  # a form left open over lunch must still save; the token ends with the log-in
            "WTF_CSRF_SSL_STRICT": True,
            "RATELIMIT_STORAGE_URI": "memory://",
            "API_TITLE": "tumorboard",
            "API_VERSION": "1",
            "OPENAPI_VERSION": "3.1.0",
            "OPENAPI_URL_PREFIX": "/api/v1",
            "OPENAPI_JSON_PATH": "openapi.json",
        }


SETTINGS: Mapping[str, Setting] = {PREFIX + f.name.upper(): f.metadata["setting"] for f in fields(Config)}
"""Every environment variable with its setting, in the order of the documentation."""


def load(environ: Mapping[str, str] | None = None, *, instance: Path = INSTANCE) -> Config:
    """Settings from the environment, checked. An empty variable means its default. Raises ConfigError.

    `instance` holds what the service makes for itself: the SQLite file and the secret key.
    """
    given = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    problems = _misspelt(given)
    for variable, setting in SETTINGS.items():
        try:
            text = given.get(variable, "").strip() or setting.default
            values[variable.removeprefix(PREFIX).lower()] = setting.read(text)
        except ValueError as error:
            problems.append(f"{variable}: {error}")
    if problems:
        raise ConfigError(" | ".join(problems))
    values["database_url"] = _place_database(values["database_url"], instance)
    values["secret_key"] = values["secret_key"] or _keep_secret_key(instance / "secret_key")
    values["mail_domain"] = values["mail_domain"] or _mail_domain(values["base_url"], values["mail_from"])
    return Config(**values)


def _misspelt(given: Mapping[str, str]) -> list[str]:
    """Variables that are nearly a setting. Others with the prefix pass: container platforms invent such names."""
    endings = [variable.removeprefix(PREFIX) for variable in SETTINGS]
    problems = []
    for name in sorted(given):
        if name.startswith(PREFIX) and name not in SETTINGS:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), endings, n=1, cutoff=0.8)
            problems += [f"{name}: no such setting; did you mean {PREFIX}{near[0]}?"] if near else []
    return problems


def _place_database(url: str, instance: Path) -> str:
    """A relative SQLite file lies in `instance`, wherever the command was started."""
    if not url.startswith("sqlite:///"):
        return url
    file, question_mark, query = url.removeprefix("sqlite:///").partition("?")
    path = instance / file
    try:
        instance.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{PREFIX}DATABASE_URL: cannot create {instance}: {error.strerror}") from None
    if not path.parent.is_dir():
        raise ConfigError(f"{PREFIX}DATABASE_URL: there is no directory {path.parent}; create it first")
    return f"sqlite:///{path}{question_mark}{query}"


def _keep_secret_key(path: Path) -> str:
    """The key in the file; made first if it is missing. Two processes that start together get the same one."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another process was first, and its key counts
            finally:
                draft.unlink()
        key = path.read_text().strip()
    except OSError as error:
        raise ConfigError(
            f"{PREFIX}SECRET_KEY: cannot keep a key in {path}: {error.strerror}; set the variable instead"
        ) from None
    if len(key) < SHORTEST_SECRET:
        raise ConfigError(f"{PREFIX}SECRET_KEY: {path} holds no key; delete the file, a new key will be made")
    return key


def _mail_domain(base_url: str, mail_from: str) -> str:
    host = urlsplit(base_url).hostname or ""
    is_a_name = host not in LOOPBACK and not re.fullmatch(r"[0-9.]+|.*:.*", host)
    return host if is_a_name else mail_from.rpartition("@")[2].lower()


def settings_table() -> str:
    """The table of `docs/configuration.md`, in Markdown."""
    rows = ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
    for variable, setting in SETTINGS.items():
        default = setting.default_in_words or f"`{setting.default}`"
        rows.append(f"| `{variable}` | {default} | {setting.allowed} | {setting.meaning} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(settings_table(), end="")
