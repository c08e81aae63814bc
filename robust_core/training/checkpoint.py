"""Checkpoints: written whole or not at all, read without unpickling code."""

import json
from dataclasses import asdict
from pathlib import Path

import torch

from robust_core import files
from robust_core.training.recipes import DetectorRecipe, Recipe


def save_checkpoint(path: Path, state: dict) -> None:
    """Write ``state`` to ``path``; an interruption leaves the previous file intact."""
    with files.replacing(path) as file:
        torch.save(state, file)


def load_checkpoint(path: Path, recipe: Recipe | DetectorRecipe, seed: int) -> dict:
    """The state in ``path``.

    Raises ``ValueError`` where it is damaged or was written by another recipe or seed.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        written = json.dumps([state["recipe"], state["seed"]])
    except Exception as error:
        raise ValueError(f"{path} is damaged ({error}): delete it to start afresh") from error
    if written != json.dumps([asdict(recipe), seed]):
        raise ValueError(
            f"{path} was written by another recipe or seed: give --seed {state['seed']} and the "
            "same options to continue it, or delete it to start afresh"
        )
    return state
