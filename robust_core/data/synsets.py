"""WordNet ids of ImageNet's classes: the names of the folders in which its pictures lie."""

from collections.abc import Iterable
from functools import lru_cache

from robust_core.paths import ASSETS


@lru_cache(maxsize=1)
def imagenet_synsets() -> tuple[str, ...]:
    """The WordNet ids of the 1,000 classes of ILSVRC 2012, in the order of the networks' logits."""
    return tuple((ASSETS / "imagenet_synsets.txt").read_text(encoding="ascii").split())


def imagenet_indices(synsets: Iterable[str]) -> tuple[int, ...]:
    """What a network of 1,000 classes calls these classes. Raises ``ValueError`` for an unknown id."""
    return tuple(map(imagenet_synsets().index, synsets))
