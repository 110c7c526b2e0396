"""Alembic's entry: the database of the running application, batch mode for SQLite, names from the convention."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import tumorboard.store.discussions  # noqa: F401 - every table must be known here

handle = current_app.extensions["migrate"].db


def include_object(_object: object, name: str | None, type_: str, reflected: bool, _compare_to: object) -> bool:
    """The index behind PostgreSQL's exclusion constraint belongs to the constraint; models cannot name it."""
    return not (type_ == "index" and reflected and name == "ex_booking_overlap")


def run(connection: Connection) -> None:
    """Run the migrations in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=handle.metadata,
        render_as_batch=True,
        compare_type=True,
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(url=str(handle.engine.url), target_metadata=handle.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with handle.engine.connect() as connection:
        run(connection)
        connection.commit()
