"""What is certified holds: against random points, closed forms, a grid, and the other methods."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn

from robust_core import attacks, verification, zoo
from robust_core.data import digits
from robust_core.verification.boxes import Ball
from robust_core.verification.crown import Rivals
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.milp import Solved
from robust_core.verification.models import compiled
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG
from tests.verification.networks import inside, margins, perceptron, pictures, residual, seeded

BOUNDS = ("ibp", "crown", "crown-optimised", "milp")


def own_labels(model, images):
    return model(images).argmax(1)


@pytest.mark.parametrize(
    ("build", "size"), [(perceptron, (1, 1, 6)), (residual, (2, 4, 4)), (residual, (2, 6, 8))]
)
@pytest.mark.parametrize(
    ("method", "norm"),
    [*((m, "linf") for m in BOUNDS[:3]), ("crown", "l2"), ("crown-optimised", "l2")],
)
def test_ten_thousand_random_points_never_violate_a_bound(build, size, method, norm):
    model, images = build(3), pictures(1, 5, *size)
    labels = own_labels(model, images)
    eps = 0.08 if norm == "linf" else 0.3
    found = verification.verify(model, images, labels, eps, method, norm=norm, attack=False)
    points = inside(images, eps, 2_000, norm)
    seen = margins(model, points, labels).amin(0)
    assert (found.margins <= seen).all()
    assert (found.lower > -math.inf).all()


@pytest.mark.parametrize("seed", range(4))
def test_the_sandwich(seed):
    """IBP <= CROWN <= optimised <= exact <= attack; the sets of what is proved are nested."""
    model, images = perceptron(seed), pictures(seed, 6, 1, 1, 6)
    labels = own_labels(model, images)
    for eps in (0.02, 0.1, 0.3):
        ibp, crown, optimised, milp = (
            verification.verify(model, images, labels, eps, method) for method in BOUNDS
        )
        assert (ibp.lower <= crown.lower).all()
        assert (crown.lower <= optimised.lower).all()
        assert (optimised.lower <= milp.exact + 1e-6).all()
        assert (milp.lower <= milp.exact).all()
        pgd = attacks.create("pgd-t", eps=eps, steps=40)(model, images, labels)
        seen = margins(model, pgd[None].double(), labels)[0].amin(1)
        assert (milp.exact <= seen + 1e-5).all()
        assert (ibp.verified <= crown.verified).all()
        assert (crown.verified <= optimised.verified).all()
        assert (optimised.verified <= milp.verified).all()
        assert set(milp.status) <= {PROVED, BROKEN}


def test_what_is_exact_is_reached_by_the_network_itself():
    model, images = perceptron(1), pictures(1, 6, 1, 1, 6)
    labels = own_labels(model, images)
    found = verification.verify(model, images, labels, 0.4, "milp", attack=False)
    assert BROKEN in found.status
    assert torch.allclose(found.upper, found.exact, atol=1e-5)
    for row, picture in found.counterexamples.items():
        assert found.status[row] == BROKEN
        assert (picture - images[row]).abs().max() <= 0.4 + 1e-6
        assert model(picture[None]).argmax() != labels[row]


def affine(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).requires_grad_(False)


@pytest.mark.parametrize("method", BOUNDS)
def test_an_affine_network_is_exact(method):
    """The box is inactive: the least margin is the clean one minus eps times the L1 norm of the slope."""
    model, eps = affine(), 0.1
    images = 0.3 + 0.4 * pictures(0, 4, 1, 3, 4)
    labels = own_labels(model, images)
    found = verification.verify(model, images, labels, eps, method, attack=False)
    slopes = model[1].weight[labels][:, None] - model[1].weight
    clean = margins(model, images[None].double(), labels)[0]
    expected = clean - eps * slopes.abs().sum(2)
    assert torch.allclose(found.lower + found.outward, expected.amin(1).double(), atol=1e-6)


def test_an_affine_network_is_exact_in_l2_and_its_nearest_point_is_deepfools():
    model, images = affine(), 0.4 + 0.2 * pictures(0, 4, 1, 3, 4)
    labels = own_labels(model, images)
    clean = margins(model, images[None].double(), labels)[0]
    slopes = (model[1].weight[labels][:, None] - model[1].weight).double()
    found = verification.verify(model, images, labels, 0.05, "crown", norm="l2", attack=False)
    expected = (clean - 0.05 * slopes.norm(dim=2)).amin(1)
    assert torch.allclose(found.lower + found.outward, expected, atol=1e-6)
    ratio = (clean / slopes.abs().sum(2)).nan_to_num(math.inf, math.inf).amin(1)
    distance = verification.verify(model, images, labels, 1, "lp").distance
    inactive = ratio < 0.35  # no pixel of these pictures leaves [0, 1]
    assert inactive.any()
    assert torch.allclose(distance[inactive], ratio[inactive], atol=1e-4)
    for method in ("ibp", "crown", "milp"):
        certified = verification.radius(model, images, labels, method, steps=20)
        assert torch.allclose(certified[inactive], ratio[inactive], atol=1e-4)


def test_crown_is_exact_where_all_relus_are_stable():
    model, images = perceptron(5), 0.3 + 0.4 * pictures(2, 8, 1, 1, 6)
    labels = own_labels(model, images)
    found = verification.verify(model, images, labels, 1e-3, "crown")
    exact = verification.verify(model, images, labels, 1e-3, "milp")
    stable = found.unstable == 0
    assert stable.any()
    assert torch.allclose(found.lower[stable], exact.exact[stable] - exact.outward[stable])


@pytest.mark.parametrize("method", ["ibp", "milp"])
def test_a_larger_ball_has_no_larger_least_margin(method):
    model, images = perceptron(2), pictures(2, 4, 1, 1, 6)
    labels = own_labels(model, images)
    lower = [
        verification.verify(model, images, labels, eps, method, attack=False).lower
        for eps in (0, 0.01, 0.05, 0.1, 0.3, 1)
    ]
    assert all((a >= b - 1e-7).all() for a, b in itertools.pairwise(lower))


RADII = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1)


def crown_rises(model, images, **how) -> float:
    """The most by which a margin's bound of CROWN alone rises from one of ``RADII`` to the next."""
    network, labels = compiled(model, images), own_labels(model, images)
    rivals = Rivals.of(labels, network.classes, images.double())
    bounds = []
    for eps in RADII:
        ball = Ball(images.double(), torch.full((len(images),), eps, dtype=torch.float64))
        with torch.no_grad():
            bounds.append(hidden_bounds(network, ball, **how).margins(network, ball, rivals))
    return max((b - a).max().item() for a, b in itertools.pairwise(bounds))


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_crown_with_one_slope_for_all_balls_has_no_larger_bound_on_a_larger_one(slope):
    for model, images in (
        (perceptron(16), pictures(16, 8, 1, 1, 6)),
        (perceptron(18), pictures(18, 8, 1, 1, 6)),
        (residual(15), pictures(15, 4, 2, 4, 4)),
    ):
        assert crown_rises(model, images, intersected=False, slope=slope) <= 1e-12


def test_crown_with_adaptive_slopes_or_intersected_promises_no_such_thing():
    """What the docstrings say: there are balls whose larger bound is not that of the smaller one."""
    assert crown_rises(perceptron(18), pictures(18, 8, 1, 1, 6)) > 0.01
    assert crown_rises(perceptron(16), pictures(16, 8, 1, 1, 6), slope=0.5) > 1e-4


def test_what_is_proved_is_proved_and_what_is_broken_by_a_program_is_broken_further_out():
    """Exact methods decide both; the nearest point of the linear region stays where it is."""
    model, images = perceptron(2), pictures(2, 6, 1, 1, 6)
    labels = own_labels(model, images)
    for method, status in (("ibp", PROVED), ("milp", PROVED), ("milp", BROKEN), ("lp", BROKEN)):
        masks = [
            verification.verify(model, images, labels, eps, method, attack=False).mask(status)
            for eps in (0.01, 0.05, 0.1, 0.3)
        ]
        assert any(0 < mask.sum() < 6 for mask in masks), "it changes within these radii"
        for small, large in itertools.pairwise(masks):
            assert (large <= small if status == PROVED else small <= large).all()


@pytest.mark.parametrize("method", BOUNDS)
def test_within_a_certified_radius_nothing_is_broken(method):
    model, images = perceptron(18), pictures(18, 4, 1, 1, 6)
    labels = own_labels(model, images)
    certified = verification.radius(model, images, labels, method, steps=4)
    assert (certified > 0).any()
    for share in (0.5, 1):
        found = verification.verify(model, images, labels, share * certified, method)
        assert BROKEN not in found.status
        exact = verification.verify(model, images, labels, share * certified, "milp")
        assert set(exact.status) == {PROVED}


def test_two_pixels_by_a_grid():
    model = perceptron(4, pixels=2, width=6)
    images = torch.tensor([[0.3, 0.6], [0.8, 0.2], [0.5, 0.5]]).view(3, 1, 1, 2)
    labels, eps = own_labels(model, images), 0.15
    side = torch.linspace(-eps, eps, 101, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side).view(-1, 1, 1, 1, 2)
    seen = margins(model, (images.double() + grid).clamp(0, 1), labels).amin((0, 2))
    exact = verification.verify(model, images, labels, eps, "milp").exact
    assert (exact <= seen + 1e-9).all()
    assert torch.allclose(exact, seen, atol=0.02)  # the grid's own distance


@pytest.mark.parametrize("method", verification.METHODS)
def test_a_picture_alone_is_as_in_a_batch(method):
    model, images = perceptron(0), pictures(0, 5, 1, 1, 6)
    labels = own_labels(model, images)
    whole = verification.verify(model, images, labels, 0.1, method, attack=False)
    for k in range(5):
        alone = verification.verify(
            model, images[k : k + 1], labels[k : k + 1], 0.1, method, attack=False
        )
        assert alone.status[0] == whole.status[k]
        assert torch.allclose(alone.lower, whole.lower[k : k + 1])


def test_the_linear_region_gives_an_upper_bound_and_proves_nothing():
    model, images = perceptron(1), pictures(1, 6, 1, 1, 6)
    labels = own_labels(model, images)
    found = verification.verify(model, images, labels, 0.3, "lp", attack=False)
    assert not found.verified.any()
    assert (found.lower == -math.inf).all()
    assert set(found.status) == {BROKEN, UNKNOWN}
    exact = verification.radius(model, images, labels, "milp")
    assert (found.distance >= exact - 1e-6).all()
    assert torch.equal(torch.tensor([s == BROKEN for s in found.status]), found.distance <= 0.3)
    upper = verification.radius(model, images, labels, "lp")
    assert (upper >= exact).all()


def test_a_wrong_picture_is_neither_proved_nor_broken():
    model, images = perceptron(0), pictures(0, 4, 1, 1, 6)
    labels = own_labels(model, images)
    labels[1] = (labels[1] + 1) % 3
    found = verification.verify(model, images, labels, 0.001, "crown")
    assert found.status[1] == WRONG
    assert found.count(PROVED) == 3
    assert verification.radius(model, images, labels)[1] == 0


@pytest.mark.parametrize("method", verification.METHODS)
def test_nothing_is_left_where_all_are_wrong(method):
    model, images = perceptron(0), pictures(0, 2, 1, 1, 6)
    labels = (own_labels(model, images) + 1) % 3
    found = verification.verify(model, images, labels, 0.1, method)
    assert found.status == (WRONG, WRONG)
    assert not found.verified.any()


def test_no_time_leaves_it_unknown():
    model = zoo.load("digits-mlp", "cpu")
    images, labels = (x[:1] for x in digits.load("test"))
    found = verification.verify(model, images, labels, 0.1, "milp", seconds=1e-3, attack=False)
    assert found.status == (UNKNOWN,)
    assert found.timed_out.all()
    assert found.exact.isnan().all()
    late = verification.verify(model, images, labels, 0.1, "lp", seconds=0.0001, attack=False)
    assert late.timed_out.all()
    in_time = verification.verify(model, images, labels, 0.1, "lp", attack=False)
    assert not in_time.timed_out.any()


def test_progress_can_stop_it():
    model, images = perceptron(0), pictures(0, 70, 1, 1, 6)
    labels = own_labels(model, images)
    seen = []

    def watch(done, total):
        seen.append((done, total))
        if done >= 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verification.verify(model, images, labels, 0.1, "crown", progress=watch)
    assert seen[0] == (0, 70)
    assert seen[-1] == (64, 70)


def test_an_observer_sees_each_program():
    model, images = perceptron(1), pictures(1, 3, 1, 1, 6)
    seen = []
    verification.verify(
        model,
        images,
        own_labels(model, images),
        0.2,
        "milp",
        observer=lambda row, one: seen.append((row, one.rival, one.exact)),
    )
    assert {row for row, _, _ in seen} == {0, 1, 2}
    assert all(exact for _, _, exact in seen)


BAD = [
    ({"eps": -0.1}, "eps must be a number from 0"),
    ({"eps": math.nan}, "eps must be"),
    ({"eps": torch.zeros(2)}, "eps must be"),
    ({"method": "reluplex"}, "method must be one of ibp, crown"),
    ({"norm": "l1"}, "norm must be one of linf, l2"),
    ({"norm": "l2", "method": "milp"}, "norm must be linf for milp"),
    ({"seconds": 0}, "seconds, the time for each picture, must be a number above 0"),
    ({"labels": torch.tensor([0, 1])}, "labels must be one class index per picture"),
    ({"labels": torch.tensor([0, 1, 7])}, "labels and targets must be class indices from 0 to 2"),
    ({"images": torch.full((3, 1, 1, 6), 2.0)}, "images must be in"),
    ({"images": torch.rand(3, 1, 1, 5)}, "images must be of a size that Sequential takes"),
    ({"model": lambda x: x}, "model must be a torch module"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD, ids=[s for _, s in BAD])
def test_bad_input_is_refused_by_a_sentence(change, sentence):
    model = perceptron(0)
    call = {
        "model": model,
        "images": pictures(0, 3, 1, 1, 6),
        "labels": torch.tensor([0, 1, 2]),
        "eps": 0.1,
    }
    with pytest.raises(ValueError, match=sentence):
        verification.verify(**call | change)


def test_more_is_proved_of_the_network_trained_with_bounds():
    """On 100 test digits at 0.1: intervals alone on one, CROWN on the adversarially trained one."""
    images, labels = (x[:100] for x in digits.load("test"))
    shares = {
        name: verification.verify(
            zoo.load(name, "cpu"), images, labels, 0.1, method, attack=False
        ).verified.sum()
        for name, method in (("digits-mlp-ibp", "ibp"), ("digits-mlp-pgd-at", "crown"))
    }
    assert shares["digits-mlp-ibp"] >= 70 > 45 >= shares["digits-mlp-pgd-at"]


def test_integer_programs_are_not_above_what_an_attack_reaches():
    """These pictures, at this radius, are where HiGHS with presolve gave wrong dual bounds."""
    rows = torch.tensor([21, 40])
    images, labels = (x[rows] for x in digits.load("test"))
    model = zoo.load("digits-mlp-ibp", "cpu")
    found = verification.verify(model, images, labels, 0.01, "milp", attack=False)
    pgd = attacks.create("pgd-t", eps=0.01, steps=20, loss="margin")(model, images, labels)
    reached = margins(perceptron_of(model), pgd[None].double(), labels)[0].amin(1)
    assert (found.exact <= reached + 1e-5).all()
    assert torch.allclose(found.exact, reached, atol=1e-4)


def perceptron_of(model):
    """Its network alone, which has no normalisation: a copy, as margins are taken in float64."""
    return copy.deepcopy(model.network)


def test_a_solver_that_is_refuted_by_the_attack_proves_nothing(monkeypatch):
    model, images = perceptron(1), pictures(1, 6, 1, 1, 6)
    labels = own_labels(model, images)
    honest = verification.verify(model, images, labels, 0.4, "milp")
    assert BROKEN in honest.status
    monkeypatch.setattr(
        "robust_core.verification.task.least_margin",
        lambda program, low, high, label, linear, budget, pulse, told: [
            told(one) or one
            for one in (Solved(j, 1.0, 1.0, None, True, 0.0, 0) for j in range(3) if j != label)
        ],
    )
    lying = verification.verify(model, images, labels, 0.4, "milp")
    wrong = honest.mask(BROKEN)
    assert not lying.verified[wrong].any()
    assert lying.exact[wrong].isnan().all()


def test_nothing_that_is_proved_is_broken_by_an_attack():
    images, labels = (x[:60] for x in digits.load("test"))
    model = zoo.load("digits-mlp-pgd-at", "cpu")
    found = verification.verify(model, images, labels, 0.1, "crown-optimised")
    proved = found.verified
    assert 5 < proved.sum() < 60
    record = attacks.create("pgd-t", eps=0.1, steps=50).run(model, images[proved], labels[proved])
    assert not record.success.any()


def test_programs_take_convolutions():
    model = seeded(
        3,
        lambda: nn.Sequential(
            nn.Conv2d(1, 3, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(3, 2, 3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(8, 3),
        ),
    )
    images = pictures(0, 2, 1, 4, 4)
    labels = model(images).argmax(1)
    crown = verification.verify(model, images, labels, 0.1, "crown", attack=False)
    milp = verification.verify(model, images, labels, 0.1, "milp", attack=False)
    assert (crown.unstable > 0).all()
    assert (crown.lower <= milp.exact + 1e-6).all()
    seen = margins(model, inside(images, 0.1, 1000, "linf"), labels)
    assert (seen.amin((0, 2)) >= milp.exact - 1e-5).all()
