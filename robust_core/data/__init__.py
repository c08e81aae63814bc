"""Data sets, sample pictures, and the safe decoding of uploads.

    from robust_core import data

    images, labels = data.get("digits").load("test")

A data set is one record (``data.record.DataSet``), named ``RECORD`` in a file of its own in this folder,
where it is found automatically. ``register`` adds one that lives elsewhere.
"""

import pkgutil
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module

from robust_core.data.record import Archive, DataMissing, DataSet, DataUnreadable
from robust_core.registry import Registry

__all__ = [
    "Archive",
    "DataMissing",
    "DataSet",
    "DataUnreadable",
    "get",
    "names",
    "of_family",
    "register",
    "temporarily",
]


@cache
def _registry() -> Registry[DataSet]:
    """The records of this folder, by the names of their files."""
    modules = (
        import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
    )
    found = [module.RECORD for module in modules if hasattr(module, "RECORD")]
    return Registry("data", found)


def names() -> list[str]:
    """The registered data sets."""
    return _registry().names()


def get(name: str) -> DataSet:
    """The record of a data set. Raises ``ValueError`` naming the registered ones."""
    return _registry().get(name)


def of_family(family: str) -> list[DataSet]:
    """The data sets of a model family; none for a family without data."""
    return [record for record in _registry() if record.family == family]


def register(record: DataSet) -> DataSet:
    """Add a data set. Raises ``ValueError`` for a name that is taken."""
    return _registry().register(record)


def temporarily(*records: DataSet) -> AbstractContextManager[None]:
    """Within the ``with`` block ``records`` are registered too; see ``Registry.temporarily``."""
    return _registry().temporarily(*records)
