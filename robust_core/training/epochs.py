"""A training in epochs with a checkpoint after each: an interruption loses one epoch at most."""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from tqdm import tqdm

from robust_core import processes
from robust_core.training.checkpoint import damaged, read_shared, save_checkpoint
from robust_core.training.objectives import Rows
from robust_core.training.sharing import add_up

CHECKPOINT = "checkpoint.pt"


class Training:
    """Recipe, seed, device, epochs done and seconds spent, and how they are kept on disk.

    A subclass has an ``optimiser`` and ``run_epoch(*data, show)``, and names what else belongs to its
    state: ``modules`` are attributes with a ``state_dict``, ``values`` are plain ones.
    """

    modules: ClassVar[tuple[str, ...]] = ()
    values: ClassVar[tuple[str, ...]] = ("epoch", "seconds")
    optimiser: torch.optim.Optimizer

    def __init__(self, recipe: Any, seed: int, device: torch.device) -> None:
        self.recipe = recipe
        self.seed = seed
        self.device = device
        self.epoch = 0
        self.seconds = 0.0

    def run_epoch(self, *args: Any, **kwargs: Any) -> None:
        """One pass over the data, which ends with a call of ``end_epoch``."""
        raise NotImplementedError

    def state(self) -> dict:
        """All that a later call needs to continue, with the recipe and the seed that identify it."""
        return {
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            **{name: getattr(self, name) for name in self.values},
            **{name: getattr(self, name).state_dict() for name in self.modules},
        }

    def restore(self, state: dict) -> None:
        """Restore what ``state`` returned."""
        for name in self.values:
            setattr(self, name, state[name])
        for name in self.modules:
            getattr(self, name).load_state_dict(state[name])

    def resume(self, folder: Path) -> None:
        """Continue from the checkpoint in ``folder``, where there is one.

        Of many processes the main one reads it for all. Raises ``ValueError`` where it is damaged or
        belongs to another recipe or seed.
        """
        path = folder / CHECKPOINT
        state = read_shared(path, self.recipe, self.seed)
        if state is not None:
            try:
                self.restore(state)
            except Exception as error:  # entries that are missing, or of another shape
                raise damaged(path) from error

    def run(self, folder: Path, *data: Any, show: bool) -> None:
        """Run the remaining epochs, with a checkpoint in ``folder`` after each."""
        while self.epoch < self.recipe.epochs:
            self.run_epoch(*data, show=show)
            if processes.is_main():
                save_checkpoint(folder / CHECKPOINT, self.state())

    def batches(self, n: int) -> tuple[tuple[Tensor, ...], torch.Generator]:
        """The rows of each batch of ``n`` in this epoch's order, and the generator that shuffled them.

        Both depend on the seed and the epoch alone, so that a resumed training is the same one.
        """
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        return torch.randperm(n, generator=generator, device="cpu").split(
            self.recipe.batch
        ), generator

    def descend(self, loss: Tensor, rows: Rows | None = None) -> float:
        """One step of the optimiser down the gradient of ``loss``, a scalar; returns its value.

        With ``rows``, of which ``loss`` is, all processes step down the gradient of the whole batch's.
        """
        self.optimiser.zero_grad(set_to_none=True)
        if rows is not None:
            loss = loss * (rows.n / rows.whole)
        loss.backward()
        if rows is not None:
            every = (p for group in self.optimiser.param_groups for p in group["params"])
            loss = add_up(every, loss)
        self.optimiser.step()
        return loss.item()

    def bar(self, batches: tuple[Tensor, ...], show: bool) -> tqdm:
        """The batches, under a progress bar of this epoch."""
        title = f"epoch {self.epoch + 1}/{self.recipe.epochs}"
        return tqdm(batches, title, disable=not show, leave=False)

    def effort(self, network: nn.Module) -> dict:
        """What training ``network`` took, for an entry of the index."""
        return {
            "seed": self.seed,
            "epochs": self.epoch,
            "parameters": sum(p.numel() for p in network.parameters()),
            "seconds": round(self.seconds, 1),
        }

    def end_epoch(self, started: float, result: str, show: bool) -> None:
        """Count an epoch that began at ``time.perf_counter() == started``; ``result`` says how it went."""
        self.epoch += 1
        self.seconds += time.perf_counter() - started
        if show:
            line = f"epoch {self.epoch}/{self.recipe.epochs}: {result}, {self.seconds:.0f} s in all"
            tqdm.write(line, file=sys.stderr)
