"""Checkpoints: written whole or not at all, read without unpickling code."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import torch

from robust_core import files, processes
from robust_core.training.recipes import DetectorRecipe, Recipe


def save_checkpoint(path: Path, state: dict) -> None:
    """Write ``state`` to ``path``; an interruption leaves the previous file intact.

    Raises ``files.NotWritten`` where the disk is full.
    """
    content = io.BytesIO()
    torch.save(state, content)  # to a file it turns "disk full" into errors of its own
    files.write_bytes(path, content.getvalue())


def read_shared(path: Path, recipe: Recipe | DetectorRecipe, seed: int) -> dict | None:
    """The state in ``path``, read by the main process for all; None where there is no such file there.

    Raises as ``load_checkpoint``.
    """
    if processes.world().size == 1:
        return load_checkpoint(path, recipe, seed) if path.exists() else None
    content = processes.content(path)
    return None if content is None else load_checkpoint(path, recipe, seed, content)


def load_checkpoint(
    path: Path, recipe: Recipe | DetectorRecipe, seed: int, content: bytes | None = None
) -> dict:
    """The state in ``path``, whose ``content`` may be known already.

    Raises ``ValueError`` where it is damaged or was written by another recipe or seed.
    """
    try:
        state = torch.load(
            io.BytesIO(content) if content else path, map_location="cpu", weights_only=True
        )
        written = json.dumps([state["recipe"], state["seed"]])
    except Exception as error:
        raise damaged(path) from error
    if written != json.dumps([asdict(recipe), seed]):
        raise ValueError(
            f"{path} was written by another recipe or seed: give --seed {state['seed']} and the "
            "same options to continue it, or delete it to start afresh"
        )
    return state


def damaged(path: Path) -> ValueError:
    """What to raise where a checkpoint does not hold what it should."""
    return ValueError(f"The checkpoint {path} is damaged: delete it to start from the beginning")
