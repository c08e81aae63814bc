"""Bundled perturbations and stickers, read once."""

from functools import lru_cache

from robust_core import zoo
from robust_core.attacks import Universal
from robust_core.zoo.bundled_universals import entry_of


def load(name: str) -> Universal:
    """A bundled one, read once for as long as its entry in the index is the same."""
    return _load(name, entry_of(name)["sha256"])


@lru_cache(maxsize=8)
def _load(name: str, sha256: str) -> Universal:
    return zoo.load_universal(name)
