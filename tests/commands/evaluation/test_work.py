"""The work folder: what names it, and the refusal of its options where there is one process."""

import argparse
from pathlib import Path

import pytest

from robust_core import zoo
from robust_core.commands.evaluation.work import Work
from robust_core.data import digits

FGSM = ("evaluate", "--model", "digits-cnn", "--attack", "fgsm", "--eps", "0.1", "--data", "digits")


@pytest.mark.parametrize("option", [("--work", "somewhere"), ("--keep-work",)])
def test_its_options_are_for_the_launcher(command, option):
    ended = command(*FGSM, *option)
    assert ended.status == 2
    assert "--work and --keep-work are for many processes: torchrun" in ended.err


def work(**changes) -> Work:
    options = {"attack": "fgsm", "seed": 0, "work": None, "out": None, "json": True}
    return Work(argparse.Namespace(**options | changes))


def test_the_folder_is_named_by_what_decides_the_figures():
    assert work().folder.parent == Path("runs", "work")
    same = [work(out=Path("a.json")), work(json=False), work(keep_work=True)]
    other = [work(attack="pgd"), work(seed=1), work(work=Path("elsewhere"))]
    assert {one.folder for one in same} == {work().folder}
    assert len({one.folder for one in [work(), *other]}) == 4


def test_shards_are_named_by_weights_pictures_and_attack():
    one, other = (zoo.load(name, "cpu") for name in ("digits-cnn", "digits-cnn-pgd-at"))
    images, labels = (tensor[:8] for tensor in digits.load("test"))
    given = work()
    folders = [
        given.passes(*asked).folder
        for asked in (
            (one, images, labels, "fgsm"),
            (other, images, labels, "fgsm"),
            (one, images.flip(0), labels, "fgsm"),
            (one, images, labels.flip(0), "fgsm"),
            (one, images, labels, "pgd"),
            (one, images, labels, "fgsm"),
        )
    ]
    assert len(set(folders)) == 5
    assert folders[0] == folders[-1]
