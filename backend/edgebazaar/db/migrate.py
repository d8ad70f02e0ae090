"""Brings a database to the newest schema, from inside the program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from edgebazaar.db.engine import SQLITE_BEGIN
from edgebazaar.db.locks import transaction_lock

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
