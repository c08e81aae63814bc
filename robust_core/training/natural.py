"""How the two small networks of texts and signals are trained: seconds, the same on every call."""

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import cross_entropy

from robust_core.modes import evaluating
from robust_core.natural import signals
from robust_core.natural.bundle import REPORTS, SIGNAL
from robust_core.natural.reports import ngrams, sentences
from robust_core.training.export import rounded_weights

TEXTS, HELD_OUT_TEXTS = 3000, 1000
SIGNALS, HELD_OUT_SIGNALS = 1800, 600
EPOCHS, BATCH, RATE = 8, 60, 3e-3


def held_out_reports(known: list[str]) -> tuple[list[str], list[int]]:
    """``HELD_OUT_TEXTS`` reports from the same templates, none of them among the ``known``."""
    texts, labels = sentences.reports(2 * HELD_OUT_TEXTS, seed=1)
    seen = set(known)
    fresh = [(text, label) for text, label in zip(texts, labels, strict=True) if text not in seen]
    chosen = fresh[:HELD_OUT_TEXTS]
    return [text for text, _ in chosen], [label for _, label in chosen]


def train_reports() -> tuple[dict[str, Tensor], dict[str, int]]:
    """Weights of the classifier of reports, and its figures on held-out ones."""
    texts, labels = sentences.reports(TEXTS, seed=0)
    made = ngrams.fit(texts, labels)
    others, truth = held_out_reports(texts)
    right = int(
        (
            (made.scores(others) > 0).long() == torch.tensor(truth, dtype=torch.int64, device="cpu")
        ).sum()
    )
    figures = {"n_train": len(texts), "n_held_out": len(others), "right": right}
    return {"weight": made.weight, "bias": made.bias}, figures


def train_signals() -> tuple[dict[str, Tensor], dict[str, int]]:
    """Weights of the classifier of beats by Adam, and its figures on held-out beats, as rounded."""
    x, y = signals.beats(SIGNALS, seed=0)
    model = signals.classifier()
    order = torch.Generator("cpu").manual_seed(0)
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    model.train()
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(y), generator=order, device="cpu").split(BATCH):
            adam.zero_grad()
            cross_entropy(model(x[rows]), y[rows]).backward()
            adam.step()
    rounded = rounded_weights(model.network)
    model.network.load_state_dict(rounded)
    others, truth = signals.beats(HELD_OUT_SIGNALS, seed=1)
    with torch.inference_mode(), evaluating(model):
        right = int((model(others).argmax(1) == truth).sum())
    return rounded, {"n_train": len(y), "n_held_out": len(truth), "right": right}


RECIPES: dict[str, Callable[[], tuple[dict[str, Tensor], dict[str, int]]]] = {
    REPORTS: train_reports,
    SIGNAL: train_signals,
}


def exported(name: str) -> tuple[dict[str, Any], bytes]:
    """Train ``name``: the entry for the index, and the file."""
    tensors, figures = RECIPES[name]()
    content = save({key: value.contiguous() for key, value in tensors.items()})
    return {
        "file": f"{name}.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "command": f"python -m robust_core train {name}",
        **figures,
    }, content
