"""What all trainings share: checkpoint after each epoch, going on, an order of seed and epoch alone."""

import time
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from robust_core.training.epochs import CHECKPOINT, Training


@dataclass(frozen=True)
class Recipe:
    epochs: int = 3
    batch: int = 4


class Sums(Training):
    """Adds up what it sees, in the order in which it sees it."""

    modules = ("network",)
    values = ("epoch", "seconds", "seen")

    def __init__(self, recipe: Recipe, seed: int) -> None:
        super().__init__(recipe, seed, torch.device("cpu"))
        self.network = nn.Linear(1, 1)
        self.seen: list[int] = []

    def run_epoch(self, n: int, *, show: bool) -> None:
        started = time.perf_counter()
        for rows in self.batches(n)[0]:
            self.seen += rows.tolist()
            with torch.no_grad():
                self.network.weight.add_(rows[0].item())
        self.end_epoch(started, f"{len(self.seen)} seen", show)


def trained(folder, seed=0, epochs=3, n=10, show=False) -> Sums:
    trainer = Sums(Recipe(epochs=epochs), seed)
    trainer.network.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
    trainer.resume(folder)
    trainer.run(folder, n, show=show)
    return trainer


class Broken(Sums):
    def run_epoch(self, n: int, *, show: bool) -> None:
        if self.epoch == 2:
            raise KeyboardInterrupt
        super().run_epoch(n, show=show)


def test_going_on_ends_where_an_uninterrupted_training_ends(tmp_path):
    whole = trained(tmp_path / "whole")
    broken = Broken(Recipe(), 0)
    broken.network.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
    with pytest.raises(KeyboardInterrupt):
        broken.run(tmp_path / "broken", 10, show=False)
    again = trained(tmp_path / "broken")
    assert again.epoch == 3
    assert again.seen == whole.seen
    assert torch.equal(again.network.weight, whole.network.weight)


def test_each_epoch_sees_all_rows_in_an_order_of_its_own(tmp_path):
    seen = trained(tmp_path).seen
    epochs = [seen[i : i + 10] for i in (0, 10, 20)]
    assert all(sorted(rows) == list(range(10)) for rows in epochs)
    assert len({tuple(rows) for rows in epochs}) == 3
    assert trained(tmp_path / "other", seed=1).seen != seen


def test_a_state_that_was_restored_is_the_same_state(tmp_path):
    trainer = trained(tmp_path)
    other = Sums(Recipe(), 0)
    other.restore(trainer.state())
    assert str(other.state()) == str(trainer.state())


def test_a_finished_training_runs_no_more(tmp_path):
    seen = trained(tmp_path).seen
    assert trained(tmp_path).seen == seen
    assert (tmp_path / CHECKPOINT).is_file()


def test_a_checkpoint_of_another_seed_is_refused(tmp_path):
    trained(tmp_path)
    with pytest.raises(ValueError, match="another recipe or seed"):
        trained(tmp_path, seed=1)


def test_each_epoch_is_one_line_where_it_is_shown(tmp_path, capsys):
    trained(tmp_path / "quiet")
    assert capsys.readouterr().err == ""
    trained(tmp_path / "shown", show=True)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch")]
    assert [line.split(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "10 seen" in lines[0]


@pytest.mark.parametrize("change", [{"network": {}}, {"epoch": None}, {"network": 3}])
def test_a_checkpoint_without_what_belongs_in_it_is_damaged(tmp_path, change):
    trained(tmp_path)
    path = tmp_path / CHECKPOINT
    state = torch.load(path, weights_only=True) | change
    torch.save({name: value for name, value in state.items() if value is not None}, path)
    with pytest.raises(ValueError, match="is damaged: delete it"):
        trained(tmp_path)
