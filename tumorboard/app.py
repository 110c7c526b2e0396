"""Wires everything together: database, doors, commands, logging. The only module that knows all rooms."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, cast

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from tumorboard import demo, jobs
from tumorboard.cli import catalogue
from tumorboard.domain.program import load_programs
from tumorboard.services.setup import Setup
from tumorboard.store import calendars, cases, meetings, people, plans, post
from tumorboard.store.db import db
from tumorboard.web import register_web

MIGRATIONS = str(Path(__file__).resolve().parent.parent / "migrations")
TABLES = (calendars, cases, meetings, people, plans, post)
"""Every module with tables must be imported before Alembic compares them with the database."""


def build_app(config: Any) -> Flask:
    """The application for a checked configuration (`config.Config`). Raises BadProgram for a wrong programme file."""
    logging.basicConfig(level=config.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    app = Flask("tumorboard", template_folder="web/templates", static_folder="web/static")
    app.config.from_mapping(config.for_flask())
    app.extensions["tumorboard"] = Setup(
        programs=load_programs(config.programs_dir),
        base_url=config.base_url,
        mail_domain=config.mail_domain,
        mail_from=config.mail_from,
        holidays=config.holidays,
        plan_seconds=config.plan_seconds,
        plan_memory_mib=config.plan_memory_mb,
        plan_runs=config.plan_runs,
        time_zone=config.timezone,
        language=config.language,
        link_key=config.secret_key,
        inbox_url=config.mail_inbox_url,
        quiet_seconds=config.mail_quiet_seconds,
        inbox_days=config.inbox_days,
        busy_hosts=config.busy_hosts,
        busy_folder=config.busy_folder,
        pdf_font=config.pdf_font,
    )
    app.extensions["tumorboard.mail_url"] = config.mail_url
    if config.trusted_proxies:
        hops = config.trusted_proxies
        wrapped = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)
        app.wsgi_app = cast("Any", wrapped)  # type: ignore[method-assign]
    db.init_app(app)
    Migrate(app, db, directory=MIGRATIONS, render_as_batch=True)
    register_web(app)
    for command in (*catalogue.COMMANDS, *jobs.COMMANDS, *demo.COMMANDS):
        app.cli.add_command(command)
    return app
