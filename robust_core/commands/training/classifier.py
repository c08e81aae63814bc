"""``python -m robust_core train MODEL``: a bundled classifier, by its recipe."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import output
from robust_core.commands.training.request import Request
from robust_core.words.numbers import duration, exact_share

if TYPE_CHECKING:
    from robust_core.training.recipes import Recipe


@dataclass(frozen=True)
class ClassifierOptions:
    """The model to train, and what differs from its recipe."""

    model: str
    paper_schedule: bool = False
    epochs: int | None = None

    @property
    def folder_name(self) -> str:
        """Each schedule of a model has a folder of its own for its checkpoint and its result."""
        return self.model + ("-paper" if self.paper_schedule else "")

    @property
    def recipe(self) -> "Recipe":
        """The recipe, its paper schedule, or either with another number of epochs.

        Raises ``ValueError`` where there is none.
        """
        from robust_core.training import recipes

        there = recipes.PAPER_SCHEDULES
        if self.paper_schedule and self.model not in there:
            raise ValueError(
                f"{self.model} has no paper schedule; there is one of {', '.join(there)}"
            )
        own = there[self.model] if self.paper_schedule else recipes.RECIPES.get(self.model)
        return replace(own, epochs=self.epochs) if self.epochs else own

    def command(self, seed: int = 0) -> str:
        """The command line that makes the same weights."""
        changes = asdict(self)
        return output.command_line("train", changes.pop("model"), **changes, seed=seed or None)


def train(wanted: ClassifierOptions, request: Request, *, curve_only: bool = False) -> None:
    """Train, resuming from a checkpoint where there is one, then write the rounded weights.

    ``curve_only``: of what it gives, the bundle gets the learning curve alone, as that of a second run.
    """
    recipe = wanted.recipe
    from robust_core import data, zoo
    from robust_core import training as core
    from robust_core.devices import as_device
    from robust_core.training import export
    from robust_core.words.model_card import WATCHED

    if curve_only:
        export.check_second_run(recipe)
    folder = request.folder_for(wanted.folder_name)
    device = as_device(request.device)
    record = data.get(recipe.data)
    pictures = record.larger(request.data) if recipe.crop else record.stored("train", request.data)
    test = record.stored("test", request.data)
    seed = request.seed
    model = zoo.untrained(recipe.model, seed)
    if recipe.start:
        model.load_state_dict(zoo.load(recipe.start, "cpu").state_dict())
    with request.holding(folder):
        with output.stopping(lambda: _stopped(folder, recipe, seed)):
            trainer = core.train(
                model,
                recipe,
                pictures,
                folder=folder,
                seed=seed,
                device=device,
                watched=(test[0][:WATCHED], test[1][:WATCHED]),
                groups=record.groups(request.data) if recipe.held_out else None,
            )
        squeezed = None
        if record.read_sized is not None:
            squeezed = record.sized(
                "test", model.input_size, model.resize, root=request.data, how="squash"
            )
        entry = export.export(trainer, test, folder, wanted.command(seed), squeezed)
        told = [_line(entry)]
        if curve_only:
            index = export.record_second_run(recipe.model, entry)
            told.append(f"The learning curve is in {index}; the weights are those of the first run")
        request.hand_over(folder, recipe.model, entry, told, key="model")


def _stopped(folder: Path, recipe: "Recipe", seed: int) -> str:
    """How far an interrupted training got."""
    from robust_core.training.run import TEACHER, lesson

    done = _epochs(folder, recipe, seed)
    if done:
        return f"Stopped after epoch {done} of {recipe.epochs}. Run the same command to go on."
    done = _epochs(folder / TEACHER, lesson(recipe), seed)
    if done:
        of = f"{recipe.epochs} of the teacher"
        return f"Stopped after epoch {done} of {of}. Run the same command to go on."
    return "Stopped before the end of the first epoch: nothing was kept."


def _epochs(folder: Path, recipe: "Recipe", seed: int) -> int:
    """How many epochs the checkpoint in ``folder`` has completed."""
    from robust_core.training.checkpoint import load_checkpoint
    from robust_core.training.epochs import CHECKPOINT

    path = folder / CHECKPOINT
    return load_checkpoint(path, recipe, seed)["epoch"] if path.exists() else 0


def _line(entry: dict) -> str:
    return (
        f"{entry['correct']} of {entry['n_test']} test pictures right "
        f"({exact_share(entry['accuracy'])}) after {entry['epochs']} epochs in "
        f"{duration(entry['seconds'])}, weights rounded to float16"
    )
