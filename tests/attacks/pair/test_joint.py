"""The joined network: its largest logit tells what both say, exactly; and what a goal about both is."""

import pytest
import torch
from torch import nn

from robust_core.attacks.oracle import Oracle
from robust_core.attacks.pair.joint import Joint, Unseen, facing
from robust_core.detectors import Subnetwork
from robust_core.goals import Aim
from robust_core.models import ResNet32
from robust_core.models.detector import build

LABELS = torch.tensor([0, 1, 2, 3, 4, 0])


class Says:
    """A detector whose log-odds do not depend on the picture."""

    def __init__(self, logit, **members) -> None:
        self.value = logit
        self.__dict__.update(members)

    def logit(self, images):
        return self.value


def random(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.fixture(scope="module")
def trunk(resnet):
    """A detector on the real trunk that is not trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Subnetwork(resnet, build(ResNet32, "AD(4)"), point="AD(4)", threshold=0.3)


@pytest.mark.parametrize("shift", [-50, 0, 50])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threshold", [None, 0.003, 0.5, 0.97])
def test_the_largest_logit_is_the_last_where_flagged_and_else_the_classifiers(
    shift, dtype, threshold
):
    """Also where all logits are negative, which turns the sign in the authors' form."""
    logits = 3 * random(1000, 7, dtype=dtype) + shift
    evidence = 4 * random(1000, seed=1, dtype=dtype) - 1
    members = {} if threshold is None else {"threshold": threshold}
    largest = Joint(lambda x: logits, Says(evidence, **members))(torch.zeros(1000, 1)).argmax(1)
    flagged = evidence.double().sigmoid() > (0.5 if threshold is None else threshold)
    assert 0.02 < flagged.double().mean() < 0.98
    assert largest.equal(torch.where(flagged, 7, logits.argmax(1)))


def test_not_even_rounding_blurs_the_border():
    evidence = torch.tensor([1e-30, 0.0, -1e-30, -0.0])
    joint = Joint(lambda x: torch.tensor([[40.0, 1e4, 1e4]]).expand(4, 3), Says(evidence))
    assert joint(torch.zeros(4, 1)).argmax(1).tolist() == [3, 1, 1, 1]


def test_thresholds_at_the_ends_flag_all_or_nothing():
    evidence = 100 * random(50)
    for threshold, wanted in ((0.0, True), (1.0, False)):
        joint = Joint(lambda x: random(50, 4), Says(evidence, threshold=threshold))
        assert ((joint(torch.zeros(50, 1)).argmax(1) == 4) == wanted).all()


def test_it_is_the_authors_form_for_logits_whose_maximum_is_1():
    logits, evidence = random(20, 5) - 9, random(20, seed=1)
    moved = logits - logits.amax(1, keepdim=True) + 1
    theirs = torch.cat([moved, ((1 + evidence) * moved.amax(1))[:, None]], 1)
    ours = Joint(lambda x: logits, Says(evidence))(torch.zeros(20, 1))
    torch.testing.assert_close(ours + 1, theirs, rtol=0, atol=1e-12)
    torch.testing.assert_close(ours[:, :-1].softmax(1), logits.softmax(1))


def test_it_has_no_jumps(linear, pictures):
    """Along a line no logit changes faster than those of the two linear parts allow."""
    model, weight = linear(5), random(105)
    detector = Says(None)
    a, b = pictures(2, low=0, high=1, seed=3).unsqueeze(1)
    middle = ((a + b) / 2).flatten() @ weight
    detector.logit = lambda x: x.flatten(1) @ weight - middle
    shares = torch.linspace(0, 1, 2001, dtype=torch.float64).view(-1, 1, 1, 1)
    with torch.no_grad():
        values = Joint(model, detector)(a + shares * (b - a))
        ends = (model(b) - model(a)).abs().max(), ((b - a).flatten() @ weight).abs()
    assert values.argmax(1).unique().numel() > 1
    assert (values[1:] - values[:-1]).abs().max() <= (2 * max(ends) + 1e-9) / 2000


def test_one_pass_of_the_trunk_gives_the_two_answers(trunk, resnet, cat):
    passes = []
    handle = resnet.network.register_forward_pre_hook(lambda *_: passes.append("whole"))
    stem = next(m for m in resnet.network.modules() if isinstance(m, nn.Conv2d))
    first = stem.register_forward_pre_hook(lambda *_: passes.append("stem"))
    images = torch.cat([cat, 1 - cat])
    shared = Joint(resnet, trunk)(images)
    assert passes.count("stem") == 1
    apart = Joint(resnet.forward, trunk)(images)
    assert passes.count("stem") == 3
    handle.remove()
    first.remove()
    torch.testing.assert_close(shared, apart, rtol=0, atol=1e-5)
    flagged = trunk.flags(images)
    assert (shared.argmax(1) == 10).equal(flagged)
    assert shared[:, :-1].argmax(1).equal(resnet(images).argmax(1))


def test_the_margin_is_that_of_the_joined_logits():
    """Untargeted: the best other class over the label and the detector; a target: over all else."""
    joined = torch.cat([random(600, 5), random(600, 1, seed=1)], 1)
    joined[:, :-1] -= joined[:, :-1].amax(1, keepdim=True)
    labels = LABELS[:5].repeat(120)
    own = joined.gather(1, labels[:, None])[:, 0]
    others = joined[:, :-1].scatter(1, labels[:, None], -torch.inf).amax(1)
    away, to = (Unseen.of(Aim(labels, towards=towards)) for towards in (False, True))
    torch.testing.assert_close(away.margin(joined), others - own.maximum(joined[:, -1]))
    torch.testing.assert_close(to.margin(joined), own - others.maximum(joined[:, -1]))
    for unseen in (away, to):
        reached = unseen.success(joined)
        assert reached.equal(unseen.margin(joined) > 0)
        wanted = (joined[:, :-1].argmax(1) == labels) == unseen.towards
        assert reached.equal(wanted & (joined[:, -1] <= 0))
        rows = torch.tensor([5, 1, 77])
        assert unseen[rows].margin(joined[rows]).equal(unseen.margin(joined)[rows])
        assert unseen[rows].success(joined[rows]).equal(reached[rows])


def test_answers_that_are_no_numbers_are_no_success():
    joined = torch.tensor([[0.0, -1.0, -1.0], [0.0, -1.0, torch.nan], [torch.nan, 0.0, -1.0]])
    unseen = Unseen.of(Aim(torch.tensor([1, 1, 1]), towards=False))
    assert unseen.success(joined).tolist() == [True, False, False]


def test_the_last_logit_is_no_class_and_the_model_comes_back(linear, pictures):
    model, images = linear(5), pictures()
    oracle, aim = Oracle(model, images), Aim(LABELS, towards=False)
    detector = Says(torch.zeros(6), threshold=0.5)
    with facing(oracle, detector, aim) as unseen:
        assert oracle.logits(images, unseen).shape == (6, 6)
    assert oracle.model is model
    assert oracle.logits(images, aim).shape == (6, 5)
    oracle, beyond = Oracle(model, images), Aim(LABELS + 1, towards=False)
    with (
        pytest.raises(ValueError, match=r"class indices from 0 to 4, .* has 5 classes; got 5"),
        facing(oracle, detector, beyond) as unseen,
    ):
        oracle.logits(images, unseen)
    assert oracle.model is model


@pytest.mark.parametrize("wrong", [torch.zeros(6, 1), torch.tensor(0.5), 0.5])
def test_a_detector_must_answer_with_one_log_odds_a_picture(linear, pictures, wrong):
    with pytest.raises(ValueError, match=r"^detector must map pictures .* to log-odds \[6\]"):
        Joint(linear(5), Says(wrong))(pictures())
