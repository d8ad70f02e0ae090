"""Writes the migration from the newest revision to the tables as they are declared.

For developers: `python -m edgebazaar.db.revise "what changes"`, then read, correct and format it.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from edgebazaar.db.engine import create_database_engine
from edgebazaar.db.migrate import migration_config, upgrade_database


def write_migration(message: str) -> Path:
    """Write a migration, numbered after the newest; returns its file.

    Args:
        message: What changes, a few words.
    """
    config = migration_config()
    number = 1 + len(list(ScriptDirectory.from_config(config).walk_revisions()))
    with tempfile.TemporaryDirectory() as folder:
        engine = create_database_engine(f"sqlite:///{folder}/revise.db")
        upgrade_database(engine)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            script = command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        engine.dispose()
    if script is None or isinstance(script, list):
        raise RuntimeError("Alembic wrote no single migration")
    return Path(script.path)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m edgebazaar.db.revise "what changes"')
    sys.stdout.write(f"{write_migration(sys.argv[1])}\n")
