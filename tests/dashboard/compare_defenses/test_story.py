"""What the page Compare defences opens with tells real defences from masked ones."""

import pytest

from robust_core import attacks, defenses, zoo
from robust_core.dashboard.compare_defenses.selection import PICTURE, QUICK
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.experiment.defended import Attacker, DefenseOutcome, trial
from robust_core.experiment.perform import Experiment, perform
from tests.live import fitted

MODEL = "cifar10-resnet32"
ATTACK = attacks.create("pgd", eps=EPS_CHOICES[0])


@pytest.fixture(scope="module")
def pixels():
    return fitted(samples.load(PICTURE).picture.pixels, zoo.describe(MODEL))


@pytest.fixture(scope="module")
def label(resnet) -> int:
    return resnet.index_of(samples.load(PICTURE).label)


@pytest.fixture(scope="module")
def undefended(resnet, pixels, label) -> Experiment:
    return perform(resnet, pixels, ATTACK, label=label, frames=False)


def outcomes(resnet, pixels, label, undefended, name: str) -> list[DefenseOutcome]:
    """Against the unaware attacker, then against the aware one."""
    defense = defenses.create(name)
    options = {"label": label, "made": undefended}
    return [trial(resnet, pixels, ATTACK, defense, attacker=a, **options).outcome for a in Attacker]


def test_the_undefended_model_is_right_and_then_fooled(undefended):
    assert undefended.before[0].index == undefended.label.index
    assert undefended.success


def test_adversarial_training_is_right_and_holds(resnet, pixels, label, undefended):
    assert "pgd-at" in QUICK
    held = [DefenseOutcome.RECOVERED, DefenseOutcome.RECOVERED]
    assert outcomes(resnet, pixels, label, undefended, "pgd-at") == held


def test_masked_defences_fall_to_the_aware_attacker_alone(resnet, pixels, label, undefended):
    masked = [name for name in QUICK if name in ("jpeg", "median", "distilled")]
    fell = [
        name
        for name in masked
        if outcomes(resnet, pixels, label, undefended, name)
        == [DefenseOutcome.RECOVERED, DefenseOutcome.FOOLED]
    ]
    assert len(fell) >= 2


def test_the_whole_cat_would_not_do(resnet, undefended):
    cat = fitted(samples.load("chelsea").picture.pixels, zoo.describe(MODEL))
    trained = defenses.create("pgd-at")(resnet)
    assert trained.predict(to_tensor(cat), 1)[0][0].label != "cat"
