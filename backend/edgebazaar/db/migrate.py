"""Brings a database to the newest schema, from inside the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from edgebazaar.db.engine import SQLITE_BEGIN
from edgebazaar.db.locks import transaction_lock
from edgebazaar.db.models import load_models

MIGRATIONS = Path(__file__).parent / "migrations"


def migration_config() -> Config:
    """Alembic's configuration without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_database(engine: Engine, revision: str = "head") -> None:
    """Apply the migrations that the database lacks, in one transaction.

    Processes that start together wait for each other here.
    """
    config = migration_config()
    with (
        engine.connect().execution_options(**{SQLITE_BEGIN: "IMMEDIATE"}) as connection,
        connection.begin(),
    ):
        transaction_lock(connection, "migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def schema_differences(engine: Engine) -> list[object]:
    """What the tables as declared have that the database has not, or the other way round."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, load_models()))
