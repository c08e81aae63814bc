"""The two bundled networks that do not take pictures: for texts and for signals, with their figures.

They are not image classifiers of the zoo: its lists, pages and tables leave them out.
"""

from functools import cache

from robust_core import paths
from robust_core.classifier import Classifier
from robust_core.natural import signals
from robust_core.natural.reports.ngrams import BUCKETS, Reader
from robust_core.zoo import weights

REPORTS, SIGNAL = "reports-ngrams", "signal-cnn"
NAMES = (REPORTS, SIGNAL)
NEEDED = {"file", "sha256", "command", "n_train", "n_held_out", "right"}


def entry_of(name: str) -> dict:
    """The index entry: file, SHA-256, command, and how many of the held-out items are ``right``.

    Raises ``ZooError`` where the index is missing or lacks something.
    """
    return weights.entry_of(name, NEEDED, _remedy(name), paths.NATURAL)


@cache
def reader() -> Reader:
    """The classifier of reports. Raises ``ZooError`` where its file is missing, damaged or not ours."""
    entry, remedy = entry_of(REPORTS), _remedy(REPORTS)
    found = weights.tensors(REPORTS, entry, remedy, paths.NATURAL)
    shapes = {key: tuple(value.shape) for key, value in found.items()}
    if shapes != {"weight": (BUCKETS,), "bias": ()}:
        error = ValueError(f"it must hold weight [{BUCKETS}] and bias")
        raise weights.misfit(REPORTS, entry, error, remedy)
    return Reader(found["weight"], found["bias"])


@cache
def signal_network() -> Classifier:
    """The classifier of signals, in eval mode, without gradients of its weights, on the CPU.

    Raises ``ZooError`` where its file is missing, damaged or not ours.
    """
    entry, remedy = entry_of(SIGNAL), _remedy(SIGNAL)
    model = signals.classifier()
    try:
        model.network.load_state_dict(weights.tensors(SIGNAL, entry, remedy, paths.NATURAL))
    except RuntimeError as error:
        raise weights.misfit(SIGNAL, entry, error, remedy) from error
    return model.eval().requires_grad_(False)


def _remedy(name: str) -> str:
    return weights.remedy("train", name)
