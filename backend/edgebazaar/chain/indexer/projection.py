"""Projections: events in, rows out, every change reversible."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Select, Table, insert
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from edgebazaar.chain.indexer.events import IndexedEvent
from edgebazaar.chain.indexer.tables import projection_undo
from edgebazaar.chain.indexer.undo import (
    Key,
    Row,
    encode_row,
    encode_value,
    key_columns,
    read_row,
    replace_rows,
)
from edgebazaar.db.types import NormalisingType
from edgebazaar.errors import EdgeBazaarError


class ProjectionError(EdgeBazaarError):
    """A projection contradicts the rows that are there: a mistake in it, not in the chain."""

    code = "projection"


class ProjectionWriter:
    """The only way for a projection to write.

    Rows touched in a batch of blocks are held in memory and written in bulk at its end; before the
    first change of a row in a block, its image is taken, so that the block can be taken back.

    Args:
        session: The transaction of the batch.
        tables: The tables that may be written.
        undo_from: First block whose changes must be reversible.
    """

    def __init__(self, session: Session, tables: Iterable[Table], undo_from: int) -> None:
        self._session = session
        self._tables = frozenset(tables)
        self._undo_from = undo_from
        self._block = -1
        #: Rows as the database has them, and as they are by now.
        self._stored: dict[Table, dict[Key, Row | None]] = defaultdict(dict)
        self._rows: dict[Table, dict[Key, Row | None]] = defaultdict(dict)
        self._imaged: set[tuple[Table, Key]] = set()
        self._undo: list[dict[str, Any]] = []

    def begin_block(self, number: int) -> None:
        """Changes from here on belong to this block."""
        self._block = number
        self._imaged.clear()

    def get(self, table: Table, key: Any) -> Row | None:
        """A copy of a row, None where there is none.

        Args:
            table: The table.
            key: Mapping of the primary key columns, or the bare value where there is one.
        """
        row = self._load(table, self._key(table, key))
        return None if row is None else dict(row)

    def insert(self, table: Table, values: Mapping[str, Any]) -> None:
        """Add a row. Columns left out get their scalar default or null.

        Raises:
            ProjectionError: If there is a row of that key, or a column needs a value.
        """
        key = self._key(table, {name: values.get(name) for name in key_columns(table)})
        if self._load(table, key) is not None:
            raise ProjectionError(f"{table.name} already has a row {key}")
        self._store(table, key, self._complete(table, values))

    def update(self, table: Table, key: Any, changes: Mapping[str, Any]) -> None:
        """Change columns of a row.

        Raises:
            ProjectionError: If there is no row of that key.
        """
        row_key = self._key(table, key)
        row = self._load(table, row_key)
        if row is None:
            raise ProjectionError(f"{table.name} has no row {row_key}")
        self._store(table, row_key, row | self._normalised(table, changes))

    def upsert(self, table: Table, values: Mapping[str, Any]) -> None:
        """Add a row, or change the given columns, key among them, of the one there is."""
        key = self._key(table, {name: values.get(name) for name in key_columns(table)})
        row = self._load(table, key)
        if row is None:
            self._store(table, key, self._complete(table, values))
        else:
            self._store(table, key, row | self._normalised(table, values))

    def delete(self, table: Table, key: Any) -> None:
        """Remove a row.

        Raises:
            ProjectionError: If there is no row of that key.
        """
        row_key = self._key(table, key)
        if self._load(table, row_key) is None:
            raise ProjectionError(f"{table.name} has no row {row_key}")
        self._store(table, row_key, None)

    def select(self, statement: Select[Any]) -> list[Row]:
        """Rows of any query. Writes the pending changes first, so prefer `get` where a key is
        known.
        """
        self.flush()
        return [
            {str(name): value for name, value in row.items()}
            for row in self._session.execute(statement).mappings()
        ]

    def flush(self) -> None:
        """Write pending changes to the database."""
        if self._undo:
            self._session.connection().execute(insert(projection_undo), self._undo)
            self._undo.clear()
        replace_rows(
            self._session,
            {table: (self._stored[table], rows) for table, rows in self._rows.items()},
        )
        for table, rows in self._rows.items():
            self._stored[table] |= rows

    def _load(self, table: Table, key: Key) -> Row | None:
        rows = self._rows[table]
        if key not in rows:
            if table not in self._tables:
                raise ProjectionError(f"{table.name} is not among the projection's tables")
            rows[key] = self._stored[table][key] = read_row(self._session, table, key)
        return rows[key]

    def _store(self, table: Table, key: Key, row: Row | None) -> None:
        if self._block >= self._undo_from and (table, key) not in self._imaged:
            before = self._rows[table][key]
            self._imaged.add((table, key))
            self._undo.append(
                {
                    "block_number": self._block,
                    "ordinal": len(self._imaged),
                    "table_name": table.name,
                    "row_key": [encode_value(part) for part in key],
                    "before": None if before is None else encode_row(before),
                }
            )
        self._rows[table][key] = row

    def _key(self, table: Table, key: Any) -> Key:
        names = key_columns(table)
        given = key if isinstance(key, Mapping) else {names[0]: key}
        if set(given) != set(names):
            raise ProjectionError(f"{table.name} has the key {names}, not {list(given)}")
        return tuple(_normalise(table.c[name], given[name]) for name in names)

    def _normalised(self, table: Table, values: Mapping[str, Any]) -> Row:
        for name in values:
            if name not in table.c:
                raise ProjectionError(f"{table.name} has no column {name}")
        return {name: _normalise(table.c[name], value) for name, value in values.items()}

    def _complete(self, table: Table, values: Mapping[str, Any]) -> Row:
        row = self._normalised(table, values)
        for column in table.columns:
            if column.name not in row:
                default = column.default
                value = default.arg if isinstance(default, ScalarElementColumnDefault) else None
                if value is None and not column.nullable:
                    raise ProjectionError(f"{table.name}.{column.name} needs a value")
                row[column.name] = _normalise(column, value)
        return row


def _normalise(column: Column[Any], value: Any) -> Any:
    if value is None or not isinstance(column.type, NormalisingType):
        return value
    return column.type.normalise(value)


Projection = Callable[[IndexedEvent, ProjectionWriter], None]


class ProjectionRegistry:
    """Which projection sees which contract's events, and which tables it writes."""

    def __init__(self) -> None:
        self._projections: dict[str, list[Projection]] = defaultdict(list)
        self._tables: dict[str, Table] = {}

    def register(self, contract: str, projection: Projection, tables: Sequence[Table]) -> None:
        """Have a projection called with every event of a contract.

        Args:
            contract: Name of the contract.
            projection: Pure but for its writer: the same events give the same rows.
            tables: All tables it writes; only projections may write them, for a rebuild empties
                them.
        """
        self._projections[contract].append(projection)
        self._tables |= {table.name: table for table in tables}

    @property
    def tables(self) -> dict[str, Table]:
        """All tables that projections write, by name."""
        return dict(self._tables)

    def project(self, event: IndexedEvent, writer: ProjectionWriter) -> None:
        """Pass an event to the projections of its contract."""
        for projection in self._projections.get(event.contract, ()):
            projection(event, writer)
