"""Settings: defaults, conversions, and what an operator reads when one is wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from config import SETTINGS, Config, ConfigError, load

ROOT = Path(__file__).resolve().parents[1]
KEY = "k" * 64


def a_config(instance: Path, **variables: str) -> Config:
    """Settings from the given variables, written without the prefix."""
    return load({f"TUMORBOARD_{name}": value for name, value in variables.items()}, instance=instance)


def test_config_without_variables_has_the_defaults(tmp_path: Path) -> None:
    config = a_config(tmp_path, SECRET_KEY=KEY)

    assert config == Config(
        database_url=f"sqlite:///{tmp_path}/tumorboard.sqlite",
        secret_key=KEY,
        base_url="http://127.0.0.1:5000",
        mail_url="console:",
        mail_from="tumorboard@localhost",
        mail_domain="localhost",
        mail_quiet_seconds=0,
        mail_inbox_url="",
        inbox_days=400,
        busy_hosts=(),
        busy_folder=None,
        programs_dir=None,
        pdf_font=None,
        timezone="Asia/Seoul",
        language="ko",
        holidays="KR",
        upload_limit_mb=20,
        session_hours=12,
        plan_seconds=5,
        plan_memory_mb=2048,
        plan_runs=2,
        trusted_proxies=0,
        log_level="INFO",
    )


def test_config_takes_an_empty_variable_as_its_default(tmp_path: Path) -> None:
    assert a_config(tmp_path, TIMEZONE=" ", SECRET_KEY=KEY).timezone == "Asia/Seoul"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("DATABASE_URL", "postgresql://tb:p%40ss@db/tb", "postgresql+psycopg://tb:p%40ss@db/tb"),
        ("DATABASE_URL", "postgres://db/tb", "postgresql+psycopg://db/tb"),
        ("DATABASE_URL", "postgresql+psycopg://db:5433/tb", "postgresql+psycopg://db:5433/tb"),
        ("BASE_URL", "https://boards.hospital.example/", "https://boards.hospital.example"),
        ("BASE_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("MAIL_URL", "smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
        (
            "MAIL_URL",
            "smtp+starttls://tb:pw@mail.hospital.example:587",
            "smtp+starttls://tb:pw@mail.hospital.example:587",
        ),
        ("MAIL_FROM", "boards@hospital.example", "boards@hospital.example"),
        ("MAIL_DOMAIN", "Hospital.example", "hospital.example"),
        ("MAIL_INBOX_URL", "imaps://tb:pw@mail.hospital.example/INBOX", "imaps://tb:pw@mail.hospital.example/INBOX"),
        ("MAIL_QUIET_SECONDS", "120", 120),
        ("INBOX_DAYS", "90", 90),
        ("BUSY_HOSTS", "Cal.example, p1.icloud.example,cal.example", ("cal.example", "p1.icloud.example")),
        ("TIMEZONE", "America/New_York", "America/New_York"),
        ("LANGUAGE", "EN", "en"),
        ("HOLIDAYS", "de", "DE"),
        ("UPLOAD_LIMIT_MB", "100", 100),
        ("SESSION_HOURS", "1", 1),
        ("PLAN_SECONDS", "60", 60),
        ("TRUSTED_PROXIES", "1", 1),
        ("LOG_LEVEL", "debug", "DEBUG"),
    ],
)
def test_config_converts_what_is_written(tmp_path: Path, name: str, text: str, value: object) -> None:
    config = a_config(tmp_path, **{"SECRET_KEY": KEY, name: text})

    assert getattr(config, name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("TIMEZONE", "Seoul", "'Seoul' is no IANA time zone; try Asia/Seoul"),
        ("TIMEZONE", "new york", "'new york' is no IANA time zone; try America/New_York"),
        ("TIMEZONE", "Asia", "'Asia' is no IANA time zone; try Asia/Seoul"),
        ("TIMEZONE", "Europe/Berln", "'Europe/Berln' is no IANA time zone; try Europe/Berlin"),
        ("TIMEZONE", "localtime", "'localtime' is no IANA time zone; try Asia/Seoul"),
        ("TIMEZONE", "../../etc/passwd", "'../../etc/passwd' is no IANA time zone; try Asia/Seoul"),
        ("DATABASE_URL", "nonsense", "no database URL; write sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"),
        ("DATABASE_URL", "mysql://root:geheim@db/tb", "'mysql' is not supported; use sqlite or postgresql"),
        ("DATABASE_URL", "postgresql://db", "names no database; write postgresql://USER:PASSWORD@HOST/NAME"),
        (
            "DATABASE_URL",
            "sqlite://",
            "names no file; write sqlite:///FILE, because web and jobs must see the same database",
        ),
        ("SECRET_KEY", "geheim", "is too short; use at least 32 random characters"),
        (
            "BASE_URL",
            "https://hospital.example/boards",
            "'https://hospital.example/boards' is no address of a site; "
            "write https://HOST or http://HOST:PORT, without a path",
        ),
        (
            "BASE_URL",
            "hospital.example",
            "'hospital.example' is no address of a site; write https://HOST or http://HOST:PORT, without a path",
        ),
        ("BASE_URL", "http://hospital.example:99999", "is no URL; look at the host and the port"),
        (
            "MAIL_URL",
            "imap://tb:geheim@mail",
            "'imap' is no way to send mail; use smtp://, smtp+starttls://, smtps:// or console:",
        ),
        ("MAIL_URL", "smtp://tb:geheim@mail:port", "is no URL; look at the host and the port"),
        (
            "MAIL_URL",
            "smtp://mail/queue",
            "must have the form smtp://USER:PASSWORD@HOST:PORT, special characters as %XX",
        ),
        (
            "MAIL_FROM",
            "Boards <b@hospital.example>",
            "'Boards <b@hospital.example>' is no mail address; write name@host, without a display name",
        ),
        ("MAIL_FROM", "b@h\nBcc: x@y", "'b@h\\nBcc: x@y' is no mail address; write name@host, without a display name"),
        ("MAIL_DOMAIN", "a b", "'a b' is no domain; write hospital.example"),
        (
            "MAIL_INBOX_URL",
            "smtp://tb:geheim@mail",
            "'smtp' is no way to read mail; use imap://, imap+starttls://, imaps://",
        ),
        (
            "MAIL_INBOX_URL",
            "imaps://mail/INBOX",
            "must have the form imaps://USER:PASSWORD@HOST:PORT/FOLDER, special characters as %XX",
        ),
        (
            "BUSY_HOSTS",
            "10.0.0.1",
            "'10.0.0.1' is no host name; write names such as calendar.hospital.example, with commas",
        ),
        (
            "BUSY_HOSTS",
            "https://cal.example",
            "'https://cal.example' is no host name; write names such as calendar.hospital.example, with commas",
        ),
        ("BUSY_FOLDER", "no/such/place", "'no/such/place' is no directory; create it or leave the setting away"),
        ("PROGRAMS_DIR", "no/such/place", "'no/such/place' is no directory; create it or leave the setting away"),
        ("PDF_FONT", "no/such.ttf", "'no/such.ttf' cannot be read; give a TrueType font or leave the setting away"),
        ("LANGUAGE", "de", "'de' is not possible; use ko or en"),
        ("HOLIDAYS", "Korea", "'Korea' is no country with known holidays; write its two letters, such as KR"),
        ("UPLOAD_LIMIT_MB", "0", "'0' is no whole number from 1 to 100"),
        ("SESSION_HOURS", "12h", "'12h' is no whole number from 1 to 24"),
        ("PLAN_SECONDS", "-5", "'-5' is no whole number from 1 to 300"),
        ("TRUSTED_PROXIES", "6", "'6' is no whole number from 0 to 5"),
        ("LOG_LEVEL", "loud", "'loud' is not possible; use DEBUG or INFO or WARNING or ERROR"),
    ],
)
def test_config_says_in_one_line_what_is_wrong(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path, **{"SECRET_KEY": KEY, name: text})

    assert str(caught.value) == f"TUMORBOARD_{name}: {message}"


def test_config_names_all_errors_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path, LANGUAGE="fr", SESSION_HOURS="99")

    assert str(caught.value) == (
        "TUMORBOARD_LANGUAGE: 'fr' is not possible; use ko or en | "
        "TUMORBOARD_SESSION_HOURS: '99' is no whole number from 1 to 24"
    )


def test_config_refuses_a_misspelt_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path, MAIL_ULR="smtp://mail")

    assert str(caught.value) == "TUMORBOARD_MAIL_ULR: no such setting; did you mean TUMORBOARD_MAIL_URL?"


def test_config_ignores_what_container_platforms_and_tests_set(tmp_path: Path) -> None:
    config = a_config(tmp_path, SECRET_KEY=KEY, PORT="tcp://10.0.0.1:80", SERVICE_HOST="10.0.0.1", REQUIRE_BROWSER="1")

    assert config == a_config(tmp_path, SECRET_KEY=KEY)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("a.sqlite", "{instance}/a.sqlite"),
        ("{instance}/b.sqlite", "{instance}/b.sqlite"),
        ("c?mode=rw", "{instance}/c?mode=rw"),
    ],
)
def test_database_file_lies_in_the_instance_directory(tmp_path: Path, file: str, place: str) -> None:
    instance = tmp_path / "new"

    config = a_config(instance, DATABASE_URL="sqlite:///" + file.format(instance=instance), SECRET_KEY=KEY)

    assert config.database_url == "sqlite:///" + place.format(instance=instance)
    assert instance.is_dir()


def test_database_file_in_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/typo/a.sqlite", SECRET_KEY=KEY)

    assert str(caught.value) == f"TUMORBOARD_DATABASE_URL: there is no directory {tmp_path}/typo; create it first"


def test_secret_key_is_made_once_and_readable_by_the_owner_only(tmp_path: Path) -> None:
    first = a_config(tmp_path)
    second = a_config(tmp_path)

    assert first.secret_key == second.secret_key
    assert len(first.secret_key) == 64
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_secret_key_is_the_same_for_all_who_start_together(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {future.result().secret_key for future in [pool.submit(a_config, tmp_path) for _ in range(32)]}

    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_secret_key_of_the_environment_leaves_no_file(tmp_path: Path) -> None:
    config = a_config(tmp_path, SECRET_KEY=KEY)

    assert config.secret_key == KEY
    assert list(tmp_path.iterdir()) == []


def test_secret_key_file_that_is_empty_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()

    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path)

    assert str(caught.value) == (
        f"TUMORBOARD_SECRET_KEY: {tmp_path}/secret_key holds no key; delete the file, a new key will be made"
    )


def test_secret_key_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()

    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path)

    assert str(caught.value) == (
        f"TUMORBOARD_SECRET_KEY: cannot keep a key in {tmp_path}/secret_key: Is a directory; set the variable instead"
    )


@pytest.mark.parametrize(
    ("base_url", "mail_from", "domain"),
    [
        ("https://Boards.hospital.example", "b@mail.example", "boards.hospital.example"),
        ("http://10.1.2.3:5000", "b@Mail.example", "mail.example"),
        ("http://[::1]:5000", "b@mail.example", "mail.example"),
        ("http://localhost:5000", "b@mail.example", "mail.example"),
    ],
)
def test_mail_domain_is_a_name_that_lasts(tmp_path: Path, base_url: str, mail_from: str, domain: str) -> None:
    config = a_config(tmp_path, BASE_URL=base_url, MAIL_FROM=mail_from, SECRET_KEY=KEY)

    assert config.mail_domain == domain


def test_config_hides_its_secrets(tmp_path: Path) -> None:
    config = a_config(
        tmp_path,
        SECRET_KEY="geheim" * 6,
        DATABASE_URL="postgresql://tb:geheim@db/tb",
        MAIL_URL="smtp://tb:geheim@mail.example",
        MAIL_INBOX_URL="imaps://tb:geheim@mail.example/INBOX",
    )

    assert "geheim" not in repr(config)


def test_cookies_are_plain_over_http(tmp_path: Path) -> None:
    keys = a_config(tmp_path, SECRET_KEY=KEY).for_flask()

    assert {name: value for name, value in keys.items() if name.startswith("SESSION_COOKIE")} == {
        "SESSION_COOKIE_NAME": "tumorboard",
        "SESSION_COOKIE_SECURE": False,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def test_cookies_are_bound_to_the_host_over_https(tmp_path: Path) -> None:
    keys = a_config(tmp_path, SECRET_KEY=KEY, BASE_URL="https://boards.hospital.example").for_flask()

    assert {name: value for name, value in keys.items() if name.startswith("SESSION_COOKIE")} == {
        "SESSION_COOKIE_NAME": "__Host-tumorboard",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
    }


def test_flask_keys_follow_the_limits(tmp_path: Path) -> None:
    keys = a_config(tmp_path, SECRET_KEY=KEY, UPLOAD_LIMIT_MB="2", SESSION_HOURS="3").for_flask()

    assert keys["MAX_CONTENT_LENGTH"] == 2 * 1024 * 1024 + 65536
    assert keys["PERMANENT_SESSION_LIFETIME"] == timedelta(hours=3)


def test_settings_are_the_attributes_of_config() -> None:
    assert [variable.removeprefix("TUMORBOARD_").lower() for variable in SETTINGS] == [f.name for f in fields(Config)]


def test_defaults_pass_their_own_checks() -> None:
    for setting in SETTINGS.values():
        setting.read(setting.default)


def test_wsgi_prints_one_line_and_exits_with_2_when_a_setting_is_wrong() -> None:
    environ = {**os.environ, "TUMORBOARD_TIMEZONE": "Seoul", "PYTHONDONTWRITEBYTECODE": "1"}

    ended = subprocess.run(
        [sys.executable, "-c", "import wsgi"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "TUMORBOARD_TIMEZONE: 'Seoul' is no IANA time zone; try Asia/Seoul\n"


@pytest.mark.parametrize("start", [b"\x00\x01\x00\x00", b"true", b"ttcf"])
def test_font_that_can_be_embedded_is_taken(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "Font.ttf"
    path.write_bytes(start + b"rest")

    assert a_config(tmp_path, PDF_FONT=str(path)).pdf_font == path


@pytest.mark.parametrize("start", [b"OTTO", b""])
def test_font_that_cannot_be_embedded_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "Font.ttf"
    path.write_bytes(start + b"rest")

    with pytest.raises(ConfigError) as caught:
        a_config(tmp_path, PDF_FONT=str(path))

    assert "is no TrueType font" in str(caught.value)
