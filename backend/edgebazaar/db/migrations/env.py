"""Alembic's entry point: runs on the connection that `edgebazaar.db.migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from edgebazaar.db.models import load_models


def render_item(kind: str, item: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own column types into a migration by their name, with the import they need."""
    if kind == "type" and type(item).__module__ == "edgebazaar.db.types":
        autogen_context.imports.add("from edgebazaar.db import types")
        return f"types.{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=load_models(),
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
