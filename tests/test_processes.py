"""Many processes at one task: results that do not depend on their number, deaths, second starts."""

import json
from collections import Counter
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests import launched
from tests.launched import Task

EVALUATE = [
    *("evaluate", "--model", "digits-cnn", "--attack", "pgd", "--steps", "3", "--eps", "0.1"),
    *("8/255", "--data", "digits", "--limit", "90", "--batch", "16", "--device", "cpu", "--json"),
]
SHARDS, ATTACKED = 3 * 6, 2 * 6
"""Of one pass over clean pictures and two under attack, in batches of 16; and those under attack."""
SUITE = [
    *("evaluate", "--suite", "natural", "--part", "digits", "--limit", "10", "--device", "cpu"),
    *("--json", "--out"),
]
TRAIN = ["train", "digits-cnn", "--epochs", "2", "--device", "cpu", "--json", "--folder"]
STEPS = 22
"""Of an epoch on the digits."""
TASKS = [
    Task("two", 2, EVALUATE),
    Task("four", 4, EVALUATE, meet=True),
    Task("restarted", 2, EVALUATE, restarts=1, kill="shard", meet=True),
    Task("dies", 3, EVALUATE, kill="shard", meet=True),
    Task("resumed", 1, EVALUATE),
    Task("rows", 3, [*SUITE, "rows.json"]),
    Task("trained", 2, [*TRAIN, "trained"]),
    Task("retrained", 2, [*TRAIN, "retrained"], restarts=1, kill="step", at=STEPS + 5),
    Task("normalised", 3, ["normalised"]),
    Task("lambda", 2, ["lambda"]),
    Task("crafted", 2, ["crafted"]),
    Task("wrong", 2, ["models"]),
]


class Ended:
    """What the tasks left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.well = launched.run(TASKS, folder)

    def task(self, name: str) -> Task:
        task = next(task for task in TASKS if task.name == name)
        return Task(**{**vars(task), "folder": str(self.folder)})

    def text(self, name: str, stream: str = "out", rank: int = 0) -> str:
        return self.task(name).printed(stream, rank).read_text()

    def json(self, name: str) -> dict:
        return json.loads(self.text(name))

    def begun(self, name: str) -> Counter:
        """How many shards or steps were begun, by attempt."""
        return Counter(
            int(line.split()[1]) for line in self.task(name).log.read_text().splitlines()
        )


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Ended:
    return Ended(tmp_path_factory.mktemp("launched"))


def timeless(value):
    """Without what a clock measured."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k != "seconds"}
    return [timeless(v) for v in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def alone(ended) -> dict:
    """The same evaluation without a launcher."""
    return json.loads(run(EVALUATE))


def run(arguments: list[str]) -> str:
    import contextlib
    import io

    from robust_core.__main__ import main

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(arguments) == 0
    return printed.getvalue()


def test_figures_do_not_depend_on_the_number_of_processes(ended, alone):
    for name in ("two", "four", "restarted", "resumed"):
        assert timeless(ended.json(name)) == timeless(alone), name


def test_the_main_process_alone_prints(ended):
    assert ended.text("two", rank=1) == ended.text("two", "err", rank=1) == ""
    assert f"{SHARDS} shards by 2 processes, 0 of them found done" in ended.text("two", "err")


def test_every_process_has_its_share_and_no_shard_is_made_twice(ended):
    lines = ended.task("four").log.read_text().splitlines()
    assert len(lines) == ATTACKED
    assert len({line.split()[2] for line in lines}) > 1


def test_after_a_death_only_its_shard_is_made_again(ended):
    assert ended.well["restarted"]
    begun = ended.begun("restarted")
    assert begun[1] >= 1
    assert begun.total() == ATTACKED + 1
    found = ended.text("restarted", "err").split(", ")[-1]
    assert int(found.split()[0]) >= SHARDS - ATTACKED + begun[0] - 1


def test_a_second_start_with_another_number_of_processes_goes_on(ended):
    assert not ended.well["dies"]
    assert ended.well["resumed"]
    assert (ended.begun("dies") + ended.begun("resumed")).total() == ATTACKED + 1
    assert ended.begun("resumed").total() < ATTACKED


def test_nothing_is_left_of_the_work(ended):
    assert list((ended.folder / "runs" / "work").iterdir()) == []


def test_rows_of_a_suite_are_dealt_and_stand_in_order(ended, tmp_path):
    run([*SUITE, str(tmp_path / "alone.json")])
    kept = json.loads((ended.folder / "rows.json").read_text())
    assert timeless(kept) == timeless(json.loads((tmp_path / "alone.json").read_text()))
    assert kept["parts"]["digits"]["rows"]


def test_a_command_for_one_process_says_so(ended):
    assert not ended.well["wrong"]
    # The launcher may end the other one before it has said so too.
    err = "".join(path.read_text() for path in ended.folder.glob("wrong-*.err"))
    assert "torchrun is for evaluate, evaluate-detectors, train; models has one process" in err


def test_training_is_the_same_within_the_order_of_sums(ended, tmp_path):
    entry = json.loads(run([*TRAIN, str(tmp_path)]))
    shared = ended.json("trained")
    for one, other in zip(entry["curve"], shared["curve"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=0.02)
    assert shared["curve"][1]["loss"] < 0.9 * shared["curve"][0]["loss"]
    assert entry["accuracy"] == pytest.approx(shared["accuracy"], abs=0.03)


def test_a_training_goes_on_after_a_death(ended):
    assert ended.well["retrained"]
    begun = ended.begun("retrained")
    assert begun[0] > 2 * STEPS
    assert begun[1] == 2 * STEPS
    one, other = (
        load_file(ended.folder / name / "digits-cnn.safetensors")
        for name in ("trained", "retrained")
    )
    assert all(torch.equal(one[k], other[k]) for k in one | other)


def test_what_detectors_see_is_crafted_by_all_and_each_part_once(ended):
    found = torch.load(ended.folder / "crafted.pt")
    assert torch.equal(found["rows"], torch.arange(70).view(10, 7).half())
    assert sorted(found["by"]) in (["0", "0", "1"], ["0", "1", "1"])
    assert not list((ended.folder / "crafted").glob("*.parts"))


@pytest.mark.parametrize("name", ["normalised", "lambda"])
def test_batch_statistics_are_of_the_whole_batch(ended, tmp_path, name):
    assert ended.well[name]
    shared = torch.load(ended.folder / f"{name}.pt")
    single = launched.train(name, tmp_path)
    for one, other in zip(single["curve"], shared["curve"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)  # rounded to 5 digits
    for key, value in single["weights"].items():
        torch.testing.assert_close(shared["weights"][key], value, rtol=1e-6, atol=1e-9)
