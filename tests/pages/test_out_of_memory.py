"""Where the accelerator's memory is too small, each page says that the CPU has computed instead."""

import importlib
import pkgutil

import pytest
import torch

from robust_core import dashboard, zoo
from robust_core.dashboard import lab
from robust_core.experiment import deflection
from tests import visiting
from tests.visiting import ran

NOTICE = "The GPU is out of memory: this ran on the CPU instead."
DIGITS = {"model": "digits-cnn", "eps": "0.15", "pgd.steps": "4"}


@pytest.fixture(autouse=True)
def _full(monkeypatch):
    """An accelerator on which no network has room."""
    for found in pkgutil.walk_packages(dashboard.__path__, "robust_core.dashboard."):
        module = importlib.import_module(found.name)
        if hasattr(module, "best_device"):
            monkeypatch.setattr(module, "best_device", lambda: torch.device("meta"))

    def full(load):
        def loaded(name, device=None):
            if torch.device(device or "cpu").type == "meta":
                raise torch.OutOfMemoryError("out of memory")
            return load(name, device)

        return loaded

    for load in ("load", "load_detector"):
        monkeypatch.setattr(zoo, load, full(getattr(zoo, load)))
    lab.engine().forget()
    yield
    lab.engine().forget()


def visit(page: str, **query: str):
    return ran(visiting.visit(f"pages/{page}.py", **(DIGITS | query)))


def times_told(page) -> int:
    return sum(caption.value.count(NOTICE) for caption in page.caption)


def open_tab(page, key: str, label: str):
    page.session_state[key] = label
    return ran(page.run())


def test_the_attack_says_so_and_says_it_again_when_the_result_is_kept():
    page = visit("attack")
    assert times_told(page) == 1
    assert times_told(ran(page.run())) == 1


def test_each_attack_of_the_comparison_says_so_and_so_do_curves_and_regions():
    page = visit("compare_attacks", attacks="fgsm,pgd")
    assert times_told(page) == 2
    assert times_told(open_tab(page, "compared", "Confidence against eps")) == 2 + 2
    assert times_told(open_tab(page, "compared", "Decision regions")) == 2 + 1


def test_each_cell_of_the_defences_says_so():
    page = visit("compare_defenses", defenses="jpeg")
    undefended = 2  # the attack, and the clean picture
    assert times_told(page) == undefended + 1 + 2
    assert times_told(ran(page.run())) == undefended + 1 + 2, "also what is drawn from the cache"


def test_the_augmented_pictures_say_so():
    page = visit("compare_defenses", defenses="")
    before = times_told(page)
    assert times_told(open_tab(page, "defense_depth", "Adversarial training")) == before + 1


def test_each_part_of_the_detectors_says_so(monkeypatch):
    monkeypatch.setattr(deflection, "RESTARTS", 1)
    monkeypatch.setattr(deflection, "STEPS", 3)
    page = visit("detectors")
    assert times_told(page) == 3, "the attack, the panel and the dynamic adversary"
    page.button(key="deflect").click()
    assert times_told(ran(page.run())) == 3 + 1
