"""Training: the same weights whether it was interrupted or not, and what is kept of it."""

import copy
from dataclasses import replace

import pytest
import torch

from robust_core import zoo
from robust_core.data import digits
from robust_core.training import RECIPES, train
from robust_core.training.copies import with_copies
from robust_core.training.jitter import Jitter
from robust_core.training.objectives import (
    Batch,
    CopiesTraining,
    Distillation,
    FGSMTraining,
    GaussianTraining,
    GradientPenalty,
    LambdaTraining,
    PGDTraining,
)
from robust_core.training.run import Trainer, accuracy, to_float

CPU = torch.device("cpu")
TINY = replace(RECIPES.get("digits-cnn"), epochs=3, batch=100)
FULL = replace(
    TINY, averaging=0.9, mirror=True, held_out=147, jitter=Jitter(turn=9, zoom=0.1, light=0.2)
)
"""Everything a recipe can ask for."""


@pytest.fixture(scope="module")
def data() -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(tensor[:500] for tensor in digits.load("train"))


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    """The live, the averaged and the kept weights."""
    states = {"live": trainer.model, "averaged": trainer.averaged}
    found = {f"{n} {k}": v.clone() for n, m in states.items() for k, v in m.state_dict().items()}
    return found | kept(trainer)


def kept(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in trainer.result().state_dict().items()}


def run(recipe, data, folder, seed=0, **options) -> Trainer:
    model = zoo.untrained(recipe.model, seed)
    return train(model, recipe, data, folder=folder, seed=seed, show=False, **options)


def same(a: dict, b: dict) -> bool:
    return all(torch.equal(a[k], b[k]) for k in a | b)


OBJECTIVES = {
    "pgd": PGDTraining(eps=0.1, step=0.05, steps=2),
    "fgsm": FGSMTraining(eps=0.1, step=0.125, alpha=0.5),
    "lambda": LambdaTraining(),
    "gaussian": GaussianTraining(sigma=0.25),
    "penalty": GradientPenalty(eps=0.05, h=0.01),
    "copies": CopiesTraining(eps=0.1),
}
SHORT = replace(TINY, epochs=2)


@pytest.mark.parametrize(
    "recipe",
    [TINY, FULL, *(replace(SHORT, objective=o) for o in OBJECTIVES.values())],
    ids=["plain", "everything", *OBJECTIVES],
)
@pytest.mark.parametrize("at", [1, 7])
def test_resumed_training_gives_bit_equal_weights(recipe, at, data, tmp_path, interrupt_at):
    straight = weights(run(recipe, data, tmp_path / "straight"))
    with interrupt_at(Trainer, at), pytest.raises(KeyboardInterrupt):
        run(recipe, data, tmp_path / "resumed")
    torch.manual_seed(99)  # the global random state has no part in it
    resumed = run(recipe, data, tmp_path / "resumed")
    assert resumed.epoch == recipe.epochs
    assert same(straight, weights(resumed))


def test_the_curve_has_a_point_for_each_epoch_and_watching_changes_nothing(
    data, tmp_path, interrupt_at
):
    watched = tuple(tensor[:100] for tensor in digits.load("test"))
    with interrupt_at(Trainer, 7), pytest.raises(KeyboardInterrupt):
        run(FULL, data, tmp_path / "resumed", watched=watched)
    resumed = run(FULL, data, tmp_path / "resumed", watched=watched)
    unwatched = run(FULL, data, tmp_path / "unwatched")
    assert same(weights(resumed), weights(unwatched))
    assert len(resumed.curve) == FULL.epochs
    assert [p["loss"] for p in resumed.curve] == [p["loss"] for p in unwatched.curve]
    assert not any("accuracy" in point for point in unwatched.curve)
    last = replace(FULL, held_out=0)
    trainer = run(last, data, tmp_path / "last", watched=watched)
    assert trainer.curve[-1]["accuracy"] == accuracy(trainer.result(), watched, CPU)
    assert trainer.curve[0]["rate"] > trainer.curve[-1]["rate"] > 0


def test_random_crops_are_of_the_models_size(data, tmp_path, monkeypatch):
    larger = torch.nn.functional.interpolate(data[0], size=(11, 11))
    step, shapes = Trainer.step, set()

    def noted(self, batch):
        shapes.add(batch.images.shape[1:])
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", noted)
    run(replace(TINY, epochs=1, crop=(0.5, 1.0)), (larger, data[1]), tmp_path)
    assert shapes == {(1, 8, 8)}


def count_steps(monkeypatch) -> list[int]:
    """A list that grows by one with each step."""
    step, steps = Trainer.step, []

    def counted(self, *arguments):
        steps.append(len(steps))
        return step(self, *arguments)

    monkeypatch.setattr(Trainer, "step", counted)
    return steps


@pytest.mark.parametrize("at", [1, 7, 11, 17])
def test_a_distillation_goes_on_in_either_stage(at, data, tmp_path, interrupt_at, monkeypatch):
    """Five steps an epoch, two epochs of the teacher, then two of the student."""
    recipe = replace(SHORT, objective=Distillation(temperature=20))
    straight = weights(run(recipe, data, tmp_path / "straight"))
    with interrupt_at(Trainer, at), pytest.raises(KeyboardInterrupt):
        run(recipe, data, tmp_path / "resumed")
    assert (tmp_path / "resumed" / "checkpoint.pt").exists() == (at > 15)
    steps = count_steps(monkeypatch)
    resumed = run(recipe, data, tmp_path / "resumed")
    assert len(steps) == 20 - at // 5 * 5
    assert same(straight, weights(resumed))


def test_a_distillation_learns_from_its_teacher(data, tmp_path):
    """The student sees no label: with wrong ones for it, it is as good as its teacher."""
    hot = Distillation(temperature=100)
    recipe = replace(TINY, epochs=8, batch=25, weight_decay=0.0, objective=hot)
    run(recipe, data, tmp_path)
    (tmp_path / "checkpoint.pt").unlink()
    student = run(recipe, (data[0], (data[1] + 1) % 10), tmp_path).result()
    assert accuracy(student, digits.load("test"), CPU) > 0.8


def test_copies_are_learned_from_as_well(data, tmp_path):
    recipe = replace(SHORT, epochs=12, objective=CopiesTraining(eps=0.1), start="digits-cnn")
    model = zoo.untrained("digits-cnn")
    model.load_state_dict(zoo.load("digits-cnn", "cpu").state_dict())
    before = copy.deepcopy(model)
    trainer = train(model, recipe, data, folder=tmp_path, show=False)
    both = with_copies(before, data, recipe, folder=tmp_path, seed=0, device=CPU)
    static = tuple(part[500:] for part in both)
    assert accuracy(trainer.result(), static, CPU) > accuracy(before, static, CPU) + 0.1


def test_the_seed_decides(data, tmp_path):
    first, again, other = (
        weights(run(TINY, data, tmp_path / str(i), seed)) for i, seed in enumerate((0, 0, 1))
    )
    assert same(first, again)
    assert not same(first, other)


def test_a_finished_training_is_not_repeated(data, tmp_path, interrupt_at):
    first = weights(run(TINY, data, tmp_path))
    with interrupt_at(Trainer, 0):
        assert same(first, weights(run(TINY, data, tmp_path)))


def test_the_best_epoch_on_held_out_pictures_is_kept(data, tmp_path, monkeypatch):
    scores = iter([0.5, 0.9, 0.7])
    seen = []

    def score(model, split, device):
        seen.append({k: v.clone() for k, v in model.state_dict().items()})
        return next(scores)

    monkeypatch.setattr("robust_core.training.run.accuracy", score)
    trainer = run(FULL, data, tmp_path)
    assert trainer.best == 0.9
    assert same(kept(trainer), seen[1])
    assert not same(seen[1], seen[2])


def test_held_out_groups_are_not_trained_on(data, tmp_path, monkeypatch):
    """Each class in groups of five pictures, as far as they go; a picture is told by its sum."""
    images, labels = data
    turns = torch.stack([(labels[:i] == label).sum() for i, label in enumerate(labels)])
    groups = 1000 * labels + turns // 5
    seen = set()
    step = Trainer.step

    def noted(self, batch):
        seen.update(map(bytes, batch.images.numpy()))
        return step(self, batch)

    monkeypatch.setattr(Trainer, "step", noted)
    recipe = replace(TINY, epochs=1, shift=0, held_out=50)
    trainer = run(recipe, data, tmp_path, groups=groups)
    trained = torch.tensor([bytes(image) in seen for image in images.numpy()])
    assert (~trained).sum() == trainer.n_held_out
    for group in groups.unique():
        assert trained[groups == group].unique().numel() == 1, "whole or not at all"
    assert not trained.all()
    assert [set(point) for point in trainer.curve] == [{"loss", "rate", "held_out"}]
    assert trainer.curve[0]["held_out"] == trainer.best


def test_each_epoch_has_an_order_of_its_own(data, tmp_path, monkeypatch):
    seen = []

    def record(self, batch):
        seen.extend(batch.labels.tolist())
        return 0.0

    monkeypatch.setattr(Trainer, "step", record)
    run(replace(TINY, epochs=2), data, tmp_path)
    first, second = seen[:500], seen[500:]
    assert sorted(first) == sorted(second) == sorted(data[1].tolist())
    assert first != second


def test_averaging_is_the_moving_mean_of_the_weights(data, tmp_path):
    trainer = Trainer(zoo.untrained("digits-cnn"), replace(TINY, averaging=0.75), 0, CPU)
    expected = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    for _ in range(3):
        trainer.step(Batch(data[0][:50], data[1][:50], torch.Generator(), 0.5))
        expected = {k: 0.75 * v + 0.25 * trainer.model.state_dict()[k] for k, v in expected.items()}
    for name, mean in trainer.averaged.state_dict().items():
        assert torch.allclose(mean, expected[name], atol=1e-6)


def test_bytes_and_floats_are_the_same_pictures():
    pixels = torch.arange(256, dtype=torch.uint8)
    floats = to_float(pixels, CPU)
    assert torch.equal(floats, pixels.float() / 255)
    assert torch.equal(to_float(floats, CPU), floats)


def test_accuracy_is_a_plain_count(data):
    model = zoo.load("digits-cnn", "cpu")
    share = accuracy(model, data, CPU)
    assert share == (model(data[0]).argmax(1) == data[1]).double().mean().item()


def test_training_learns(data, tmp_path):
    trainer = run(replace(TINY, epochs=12), data, tmp_path)
    assert accuracy(trainer.result(), digits.load("test"), CPU) > 0.8
