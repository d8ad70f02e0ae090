"""The database: SQLite by default, PostgreSQL by setting, one schema for both."""

from edgebazaar.db.base import metadata
from edgebazaar.db.engine import create_database_engine
from edgebazaar.db.migrate import upgrade_database
from edgebazaar.db.session import read_scope, session_scope
from edgebazaar.db.types import Address, Bytes32, CanonicalJson, Uint256, UtcDateTime

__all__ = [
    "Address",
    "Bytes32",
    "CanonicalJson",
    "Uint256",
    "UtcDateTime",
    "create_database_engine",
    "metadata",
    "read_scope",
    "session_scope",
    "upgrade_database",
]
