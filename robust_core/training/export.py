"""From a finished training to a bundled model: rounded weights, their measured accuracy, the index."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load as read_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from robust_core import data, files, processes, zoo
from robust_core.paths import WEIGHTS
from robust_core.training.recipes import Recipe
from robust_core.training.run import Split, Trainer, accuracy
from robust_core.zoo.weights import awaiting

ENTRY = "entry.json"
SECOND_RUN = "second_run"
"""In an entry: the learning curve of another run of the recipe, and what that gave."""


def rounded_weights(network: nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` on the CPU, floats rounded to float16, in plain memory order."""
    return {
        name: (value.half() if value.is_floating_point() else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }


def export(
    trainer: Trainer, test: Split, folder: Path, command: str, squeezed: Split | None = None
) -> dict:
    """Write ``folder/<model>.safetensors`` and ``folder/entry.json``; return the entry.

    ``accuracy`` in the entry is that of exactly the rounded weights in the file, computed in float32
    on ``test``; ``accuracy_squeezed``, where there are any, that on the same pictures ``squeezed`` to a
    square instead of cut. Where training pictures were held out, ``accuracy_held_out`` is that of the kept
    epoch on these ``n_held_out``, before rounding. ``command`` is the command line that makes the file.
    """
    name = trainer.recipe.model
    content = to_safetensors(rounded_weights(trainer.result().network))
    model = zoo.untrained(name)
    model.network.load_state_dict(read_safetensors(content))
    model = zoo.ready(model, trainer.device)
    share = accuracy(model, test, trainer.device)
    file = f"{name}.safetensors"
    entry = {
        "file": file,
        "sha256": hashlib.sha256(content).hexdigest(),
        "data": data.get(trainer.recipe.data).full_title,
        "accuracy": share,
        "correct": round(share * len(test[1])),
        "n_test": len(test[1]),
        "command": command,
        "recipe": asdict(trainer.recipe),
        "curve": trainer.curve,
        **trainer.effort(model),
        "device": trainer.device.type,
        "torch": torch.__version__,
    }
    if trainer.n_held_out:
        entry |= {"accuracy_held_out": trainer.best, "n_held_out": trainer.n_held_out}
    if squeezed is not None:
        entry["accuracy_squeezed"] = accuracy(model, squeezed, trainer.device)
    write_export(folder, name, entry, content)
    return entry


def write_export(folder: Path, name: str, entry: dict, content: bytes | None) -> None:
    """Write ``folder/<entry's file>`` with ``content``, and ``folder/entry.json``, for ``install``.

    Where the entry has no file there is no content. Of many processes the main one alone writes.
    """
    if not processes.is_main():
        return
    if content is not None:
        files.write_bytes(folder / entry["file"], content)
    files.write_json(folder / ENTRY, {name: entry})


def amend(changes: dict[str, dict], weights: Path = WEIGHTS) -> Path:
    """Change values of entries of the index, by name; return the index. The weights stay as they are.

    Raises ``ZooError`` where the index is damaged, ``KeyError`` for a name that it lacks.
    """
    with files.locked(weights / "index.lock"):
        entries = zoo.index(weights)
        entries |= {name: entries[name] | values for name, values in changes.items()}
        files.write_json(weights / "index.json", entries)
    return weights / "index.json"


def check_second_run(recipe: Recipe, weights: Path = WEIGHTS) -> None:
    """Raise ``ValueError`` unless a bundled model was made by this recipe, as far as its entry says.

    An entry may be older than some of a recipe's settings: those it does not hold are not compared.
    """
    known = zoo.index(weights).get(recipe.model)
    if known is None:
        raise ValueError(f"{recipe.model} is not bundled: there is no first run")
    own = json.loads(files.json_text(asdict(recipe)))
    other = [name for name, value in known["recipe"].items() if own.get(name, value) != value]
    if other:
        raise ValueError(
            f"a second run must be of the same recipe; {recipe.model} was trained with another "
            f"{', '.join(other)}"
        )


def record_second_run(name: str, entry: dict, weights: Path = WEIGHTS) -> Path:
    """Add what another run of the same recipe gave to the entry of a bundled model; return the index.

    The weights stay, and with them every figure that was measured on them: only the learning curve, which
    the first run did not keep, is a second run's, and is shown as that.
    """
    kept = (
        "curve",
        "seed",
        "epochs",
        "accuracy",
        "correct",
        "n_test",
        "command",
        "device",
        "torch",
    )
    return amend({name: {SECOND_RUN: {key: entry[key] for key in kept}}}, weights)


def install(folder: Path, name: str, weights: Path = WEIGHTS) -> Path:
    """Copy an exported model into ``weights`` and add it to the index; return the new file.

    For an entry without a file, that is the index itself. The other entries of the index are left
    unchanged, whoever else installs at the same time. After a stop at any point the zoo loads either the
    old weights or the new ones: these wait beside the old ones until the index names them. Raises
    ``ZooError`` where the index is damaged.
    """
    with files.locked(weights / "index.lock"):
        entries = zoo.index(weights) if (weights / "index.json").exists() else {}
        entry = json.loads((folder / ENTRY).read_text(encoding="utf-8"))[name]
        target = weights / (entry["file"] or "index.json")
        if entry["file"]:
            files.write_bytes(awaiting(target), (folder / entry["file"]).read_bytes())
        files.write_json(weights / "index.json", entries | {name: entry})
        if entry["file"]:
            files.move(awaiting(target), target)
    return target
