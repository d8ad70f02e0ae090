"""Finds every table of the package, so that migrations know the whole schema.

A room keeps its tables in a module called `tables`; finding them by that name means that no list
has to be kept up and that this room needs to know no other.
"""

from __future__ import annotations

import importlib
import pkgutil

from sqlalchemy import MetaData

import edgebazaar
from edgebazaar.db.base import metadata


def load_models() -> MetaData:
    """Import every `tables` module of the package; the metadata returned holds all tables."""
    for package in _packages(edgebazaar.__path__, "edgebazaar."):
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            if module.name == "tables":
                importlib.import_module(f"{package}.tables")
    return metadata


def _packages(path: list[str], prefix: str) -> list[str]:
    found = []
    for module in pkgutil.iter_modules(path, prefix):
        if module.ispkg and not module.name.endswith(".migrations"):
            found.append(module.name)
            package_path = list(importlib.import_module(module.name).__path__)
            found.extend(_packages(package_path, f"{module.name}."))
    return found
