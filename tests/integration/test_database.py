"""Migrations, transactions and locks, on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select, text

from edgebazaar.db import create_database_engine, read_scope, session_scope, upgrade_database
from edgebazaar.db.locks import LockHeld, process_lock, transaction_lock
from edgebazaar.db.migrate import migration_config, schema_differences
from edgebazaar.db.models import load_models

HOLD_LOCK = """
import sys, time
from edgebazaar.db import create_database_engine
from edgebazaar.db.locks import process_lock
with process_lock(create_database_engine(sys.argv[1]), "test"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_migrations_make_the_schema_that_the_tables_declare(engine: Engine) -> None:
    differences = schema_differences(engine)
    assert not differences, (
        "the tables differ from the migrations; run `python -m edgebazaar.db.revise` and read "
        f"what it writes: {differences}"
    )
    assert set(load_models().tables) <= set(inspect(engine).get_table_names())


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = inspect(engine).get_table_names()
    upgrade_database(engine)
    assert inspect(engine).get_table_names() == before


def test_migrations_can_be_taken_back(engine: Engine) -> None:
    from alembic import command

    config = migration_config()
    with engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade_database(engine)
    assert not schema_differences(engine)


def test_starting_together_migrates_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/fresh.db"
    failures: list[Exception] = []

    def start() -> None:
        try:
            upgrade_database(create_database_engine(url))
        except Exception as error:
            failures.append(error)

    starts = [threading.Thread(target=start) for _ in range(3)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    assert not failures
    assert not schema_differences(create_database_engine(url))


@pytest.fixture
def counter(engine: Engine) -> Engine:
    with session_scope(engine) as session:
        session.execute(text("CREATE TABLE counter (value INTEGER NOT NULL)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    return engine


def value_of(engine: Engine) -> int:
    with read_scope(engine) as session:
        return int(session.execute(text("SELECT value FROM counter")).scalar_one())


def test_exception_rolls_back(counter: Engine) -> None:
    with pytest.raises(RuntimeError, match="half-way"), session_scope(counter) as session:
        session.execute(text("UPDATE counter SET value = 1"))
        raise RuntimeError("half-way")
    assert value_of(counter) == 0


def test_reading_never_waits_for_a_writer(counter: Engine) -> None:
    with session_scope(counter) as session:
        session.execute(text("UPDATE counter SET value = 1"))
        assert value_of(counter) == 0
    assert value_of(counter) == 1


def test_transaction_lock_keeps_read_and_write_together(counter: Engine) -> None:
    def add() -> None:
        for _ in range(10):
            with session_scope(counter) as session:
                transaction_lock(session, "counter")
                value = session.execute(text("SELECT value FROM counter")).scalar_one()
                time.sleep(0.001)
                session.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})

    adders = [threading.Thread(target=add) for _ in range(4)]
    for adder in adders:
        adder.start()
    for adder in adders:
        adder.join()
    assert value_of(counter) == 40


def test_process_lock_has_one_holder(engine: Engine, database_url: str) -> None:
    other = create_database_engine(database_url)
    with process_lock(engine, "test"):
        with pytest.raises(LockHeld), process_lock(other, "test"):
            pass
        with process_lock(other, "another"):
            pass
    with process_lock(other, "test"):
        pass
    other.dispose()


def test_process_lock_goes_with_its_process(engine: Engine, database_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, database_url], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld), process_lock(engine, "test"):
            pass
    finally:
        holder.kill()
        holder.wait()
    end = time.monotonic() + 5
    while True:
        try:
            with process_lock(engine, "test"):
                return
        except LockHeld:
            assert time.monotonic() < end, "the lock outlived its process"
            time.sleep(0.05)


def test_memory_database_has_locks_too() -> None:
    engine = create_database_engine("sqlite://")
    with process_lock(engine, "test"), pytest.raises(LockHeld), process_lock(engine, "test"):
        pass
    with session_scope(engine) as session:
        assert session.execute(select(1)).scalar_one() == 1
