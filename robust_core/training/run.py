"""Training with a resumable checkpoint after each epoch."""

import copy
import math
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.processes import join, joined
from robust_core.training.augment import augment, crops
from robust_core.training.averaging import average
from robust_core.training.copies import with_copies
from robust_core.training.epochs import Training
from robust_core.training.held_out import split_held_out
from robust_core.training.objectives import Batch, CopiesTraining, Distillation
from robust_core.training.pictures import Split, to_float
from robust_core.training.recipes import Recipe
from robust_core.training.sharing import Statistics, count_all, rows_of, shared_statistics

EVALUATION_BATCH = 500
TEACHER = "teacher"
"""The folder of a teacher, within that of the training."""


@torch.inference_mode()
def accuracy(model: Classifier, data: Split, device: torch.device) -> float:
    """Share of pictures whose most probable class is the label, in float32 and eval mode.

    Of many processes at one training, each asks about some of the pictures.
    """
    model.eval()
    here = joined()
    hits = 0
    batches = zip(data[0].split(EVALUATION_BATCH), data[1].split(EVALUATION_BATCH), strict=True)
    for images, labels in islice(batches, here.rank, None, here.size):
        hits += int((model(to_float(images, device)).argmax(1).cpu() == labels).sum())
    return (count_all(hits) if here.size > 1 else hits) / len(data[1])


def learning_rate(recipe: Recipe, epoch: int, progress: float) -> float:
    """The rate at ``progress`` (0 to 1) of the whole training, in ``epoch`` (from 0)."""
    if recipe.milestones:
        return recipe.peak_rate * 0.1 ** sum(epoch >= m for m in recipe.milestones)
    turns = progress * recipe.cycles
    place = turns - min(int(turns), recipe.cycles - 1)
    if place < recipe.warmup:
        return recipe.peak_rate * (0.1 + 0.9 * place / recipe.warmup)
    return (
        recipe.peak_rate
        * 0.5
        * (1 + math.cos(math.pi * (place - recipe.warmup) / (1 - recipe.warmup)))
    )


class Trainer(Training):
    """The state of one training: live weights, averaged weights, optimiser, epoch, best so far.

    Where there is a ``teacher``, its soft labels replace the labels.
    """

    modules = ("model", "averaged", "optimiser")
    values = ("epoch", "seconds", "best", "best_weights", "curve")

    def __init__(
        self,
        model: Classifier,
        recipe: Recipe,
        seed: int,
        device: torch.device,
        teacher: Classifier | None = None,
    ) -> None:
        super().__init__(recipe, seed, device)
        self.model = model.to(device).to(memory_format=torch.channels_last)
        self.teacher = teacher
        self.averaged = copy.deepcopy(self.model) if recipe.averaging else self.model
        self.optimiser = torch.optim.SGD(
            self.model.parameters(),
            lr=recipe.peak_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
        )
        self.best = -1.0
        self.best_weights: dict[str, Tensor] | None = None
        self.curve: list[dict[str, float]] = []
        """For each epoch its mean loss, its last rate, and the accuracy on the watched and the held-out
        pictures, where there are any."""
        self.n_held_out = 0
        self.statistics = Statistics()

    def step(self, batch: Batch) -> float:
        """One step of gradient descent, at the rate for its ``progress``; returns the loss.

        Of a batch that many processes share: its own loss, and the step of all.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, self.epoch, batch.progress)
        objective = self.recipe.objective
        if self.teacher is not None:
            batch = replace(batch, labels=objective.soft_labels(self.teacher, batch.images))
        told = self.descend(objective.loss(self.model, batch), batch.rows)
        if self.recipe.averaging:
            average(self.averaged, self.model, self.recipe.averaging)
        return told

    def run_epoch(
        self, data: Split, held_out: Split | None, watched: Split | None = None, *, show: bool
    ) -> None:
        """One pass over the training data in an order that depends on the seed and the epoch alone.

        The accuracy on ``watched`` goes into the curve, and chooses nothing.
        """
        started = time.perf_counter()
        recipe = self.recipe
        batches, generator = self.batches(len(data[1]))
        total = 0.0
        seen = 0
        self.model.train()
        bar = self.bar(batches, show)
        for i, rows in enumerate(bar):
            own = rows_of(len(rows))
            self.statistics.shared = own is not None
            chosen = rows if own is None else own.of(rows)
            images, labels = to_float(data[0][chosen], torch.device("cpu")), data[1][chosen]
            if recipe.crop:
                images = crops(images, self.model.input_size[0], recipe.crop, generator, own)
            if recipe.jitter:
                images = recipe.jitter(images, generator, own)
            images = augment(images, recipe.shift, recipe.mirror, generator, own)
            images = images.to(self.device).to(memory_format=torch.channels_last)
            progress = (self.epoch + i / len(batches)) / recipe.epochs
            batch = Batch(images, labels.to(self.device), generator, progress, own)
            total += self.step(batch) * len(rows)
            seen += len(rows)
            rate = self.optimiser.param_groups[0]["lr"]
            bar.set_postfix(loss=f"{total / seen:.3f}", rate=f"{rate:.4f}", refresh=False)
        result = f"loss {total / seen:.4f}"
        point = {"loss": round(total / seen, 5), "rate": rate}
        if watched is not None:
            point["accuracy"] = accuracy(self.averaged, watched, self.device)
            result += f", test accuracy {100 * point['accuracy']:.2f} %"
        if held_out is not None:
            score = accuracy(self.averaged, held_out, self.device)
            point["held_out"] = score
            result += f", held-out accuracy {100 * score:.2f} %"
            if score > self.best:
                self.best = score
                self.best_weights = copy.deepcopy(self.averaged.state_dict())
        self.curve.append(point)
        self.end_epoch(started, result, show)

    def result(self) -> Classifier:
        """The weights to keep: the best epoch on the held-out pictures, else the last one."""
        if self.best_weights is not None:
            self.averaged.load_state_dict(self.best_weights)
        return self.averaged.eval()


def lesson(recipe: Recipe) -> Recipe:
    """How the teacher of a distillation is trained; any other recipe as it is."""
    if not isinstance(recipe.objective, Distillation):
        return recipe
    return replace(recipe, objective=recipe.objective.of_teacher)


def train(
    model: Classifier,
    recipe: Recipe,
    data: Split,
    *,
    folder: Path,
    seed: int = 0,
    device: torch.device | str = "cpu",
    watched: Split | None = None,
    groups: Tensor | None = None,
    show: bool = True,
) -> Trainer:
    """Train ``model`` by ``recipe``, continuing from ``folder/checkpoint.pt`` where there is one.

    ``model`` has the initial weights. ``data`` is pictures ``[N, C, H, W]`` (bytes, or floats in
    [0, 1]) and labels ``[N]``. A checkpoint is written after each epoch; ``KeyboardInterrupt``
    therefore loses at most one. ``watched`` are pictures on which each epoch's accuracy is noted for the
    learning curve. ``groups`` is a number for each picture ``[N]``: pictures are held out by whole groups
    (``held_out.split_held_out``). A distillation first trains its teacher, in ``folder/teacher``, from the
    same weights. Many processes share each batch (``sharing``), and the main one writes. Raises
    ``ValueError`` where a checkpoint belongs to another recipe or seed.
    """
    device = torch.device(device)
    join(device)
    objective = recipe.objective
    kept, aside = split_held_out(data, recipe.held_out, seed, groups)
    teacher: Trainer | None = None
    if isinstance(objective, Distillation):
        options: dict[str, Any] = {
            "folder": folder / TEACHER,
            "seed": seed,
            "device": device,
            "groups": groups,
            "show": show,
        }
        teacher = train(copy.deepcopy(model), lesson(recipe), data, **options)
    objective.begin(model)
    trainer = Trainer(model, recipe, seed, device, teacher.result() if teacher else None)
    trainer.n_held_out = 0 if aside is None else len(aside[1])
    trainer.seconds = teacher.seconds if teacher else 0.0
    if isinstance(objective, CopiesTraining):
        kept = with_copies(trainer.model, kept, recipe, folder=folder, seed=seed, device=device)
    with shared_statistics(trainer.model) as trainer.statistics:
        trainer.resume(folder)
        trainer.run(folder, kept, aside, watched, show=show)
    return trainer
