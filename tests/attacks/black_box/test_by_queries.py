"""What holds for every attack that learns from answers alone, and closed forms for each."""

import math
from types import SimpleNamespace

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.black_box import nes
from robust_core.attacks.black_box.hopskipjump import estimate
from robust_core.attacks.black_box.surfree import SurFree
from robust_core.attacks.knowledge import BY_QUERIES, LABELS

NAMES = [n for n in attacks.local_names() if attacks.get(n).knowledge in BY_QUERIES]
BY_LABELS = [n for n in NAMES if attacks.get(n).knowledge == LABELS]
CHEAP = {"samples": 6}


def create(name: str, **values):
    fields = attacks.get(name).__dataclass_fields__
    near = {"eps": 0.1} if "eps" in fields else {}
    given = near | {k: v for k, v in CHEAP.items() if k in fields} | values
    return attacks.create(name, **given)


@pytest.mark.parametrize("most", [1, 2, 3, 17, 60])
@pytest.mark.parametrize("name", NAMES)
def test_queries_are_counted_exactly_and_capped(name, most, net, pictures):
    network, images, labels = net(), pictures(), torch.arange(6) % 5
    asked = []

    def counting(x):
        asked.append(len(x))
        return network(x)

    attack = create(name, max_queries=most)
    attack(counting, images, labels)
    record = attack.run(network, images, labels)
    assert sum(asked) == record.queries_forward.sum()
    assert (record.queries_forward <= most).all()
    assert (record.queries_backward == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_no_gradient_is_asked_for(name, net, pictures):
    network, images, labels = net(), pictures(), torch.arange(6) % 5

    def without(x):
        assert not x.requires_grad
        assert not torch.is_grad_enabled()
        return network(x)

    create(name, max_queries=40)(without, images, labels)


@pytest.mark.parametrize("name", BY_LABELS)
def test_labels_are_all_that_it_sees(name, net, pictures):
    network, images, labels = net(), pictures(), torch.arange(6) % 5

    def curtain(x):
        logits = network(x)
        return torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), 1.0)

    attack = create(name, max_queries=80)
    assert attack(curtain, images, labels).equal(attack(network, images, labels))


@pytest.mark.parametrize("name", BY_LABELS)
def test_the_distance_falls_and_what_is_returned_is_beyond_the_goal(name, net, pictures):
    network, images = net(), pictures()
    labels = network(images).argmax(1)
    few, many = (create(name, max_queries=q).run(network, images, labels) for q in (30, 400))
    norm = attacks.get(name).norm
    found = few.success
    assert found.any()
    assert many.success[found].all()
    assert (getattr(many, norm)[found] <= getattr(few, norm)[found] + 1e-9).all()
    for picture in range(len(images)):
        queries, distance = many.curve.of(picture)
        assert (queries.diff() > 0).all()
        assert (distance.diff() < 0).all()
        if many.success[picture]:
            assert distance[-1] == pytest.approx(getattr(many, norm)[picture].item(), rel=1e-6)
    assert many.x_adv[~many.success].equal(images[~many.success])


@pytest.mark.parametrize("name", BY_LABELS)
def test_it_starts_from_given_pictures_of_the_class_to_reach(name, linear, pictures):
    model, images = linear(), pictures()
    slope = (model.weight[1] - model.weight[0]).detach().view(1, *images.shape[1:])
    ends = torch.cat([0.5 - 0.5 * slope.sign(), 0.5 + 0.5 * slope.sign()])
    assert model(ends).argmax(1).tolist() == [0, 1]
    targets = 1 - model(images).argmax(1)
    attack = create(name, max_queries=60, start=attacks.Starts(ends))
    near = attack(model, images, targets, targeted=True)
    assert model(near).argmax(1).equal(targets)
    size, far = ((x - images).flatten(1).norm(dim=1) for x in (near, ends[targets]))
    assert (size < far).all()
    nowhere = create(name, max_queries=60, start=attacks.Starts(images[:1]))
    only = images[:1]
    assert nowhere(model, only, 1 - model(only).argmax(1), targeted=True).equal(only)


@pytest.mark.parametrize("name", ["boundary", "hopskipjump", "surfree"])
def test_on_a_linear_model_it_comes_near_to_the_boundary_s_distance(name, linear, pictures):
    model, images = linear(), pictures()
    logits = model(images)
    labels = logits.argmax(1)
    exact = logits.diff(dim=1).abs().squeeze(1) / (model.weight[1] - model.weight[0]).norm()
    own = {"hopskipjump": {"samples": 50}, "surfree": {"share": 1.0}}.get(name, {})
    record = create(name, max_queries=1500, **own).run(model, images, labels)
    assert record.success.all()
    ratio = record.l2 / exact
    assert (ratio >= 1 - 1e-6).all()
    assert ratio.median() < 1.3


@pytest.mark.parametrize(("name", "power"), [("hopskipjump", 1.5), ("hopskipjump-linf", 2.0)])
def test_probes_of_hopskipjump_follow_the_distance(name, power):
    """By default a bisection within 0.01 / sqrt(d) in both norms; with gamma = 1 the paper's."""
    prey, d = SimpleNamespace(image=torch.zeros(3, 32, 32)), 3072
    usual, paper = create(name), create(name, gamma=1.0)
    assert usual.precision(prey) == pytest.approx(0.01 / d**0.5)
    assert paper.precision(prey) == pytest.approx(d**-power)
    for attack in (usual, paper):
        far = attack.reach(prey, 2.0) / attack.precision(prey)
        assert far == pytest.approx(2.0 * d ** (power - 1))


def test_the_estimate_of_hopskipjump_has_the_cosine_of_theory():
    """In d dimensions at a flat boundary: sqrt(2 B / (pi d)) / sqrt(1 + 2 B / (pi d)), about."""
    d, b = 300, 1000
    generator = torch.Generator().manual_seed(0)
    normal = torch.zeros(d, dtype=torch.float64)
    normal[0] = 1
    cosines = []
    for _ in range(20):
        u = torch.randn(b, d, generator=generator, dtype=torch.float64)
        u /= u.norm(dim=1, keepdim=True)
        way = estimate(u.view(b, 1, 1, d), u @ normal > 0).flatten()
        cosines.append((way @ normal / way.norm()).item())
    wanted = math.sqrt(2 * b / math.pi / d) / math.sqrt(1 + 2 * b / math.pi / d)
    assert sum(cosines) / 20 == pytest.approx(wanted, rel=0.1)


@pytest.mark.parametrize("pairs", [25, 150, 1500])
def test_the_estimate_of_nes_has_the_cosine_of_theory(pairs):
    """In d dimensions, on a linear function: sqrt(m / (m + d)) for m pairs, about."""
    d, sigma, tries = 300, 1e-3, 20
    generator = torch.Generator().manual_seed(0)
    gradient = torch.randn(d, generator=generator, dtype=torch.float64)
    u = torch.randn(tries, pairs, d, generator=generator, dtype=torch.float64)
    values = torch.stack([sigma * u @ gradient, -sigma * u @ gradient], 2)
    found = nes.estimate(torch.zeros(tries, d, dtype=torch.float64), u, values, sigma)
    cosine = found @ gradient / (found.norm(dim=1) * gradient.norm())
    assert cosine.mean().item() == pytest.approx(math.sqrt(pairs / (pairs + d)), rel=0.1)


@pytest.mark.parametrize("name", ["simba", "simba-dct"])
def test_simba_grows_as_the_root_of_the_steps_that_it_keeps(name, linear, pictures):
    model, images = linear(), pictures()
    labels = model(images).argmax(1)
    step = 0.01
    record = attacks.create(name, step_size=step, max_queries=40).run(model, images, labels)
    steps = (record.l2 / step) ** 2
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    for picture in range(len(images)):
        assert (record.curve.of(picture)[1].diff() > 0).all()


@pytest.mark.parametrize("name", [n for n in NAMES if n not in BY_LABELS])
def test_more_queries_never_leave_a_smaller_margin(name, net, pictures):
    network, images, labels = net(), pictures(), torch.arange(6) % 5
    record = create(name, max_queries=120).run(network, images, labels)
    best = record.curve.at([1, 30, 60, 120])
    assert (best.diff(dim=1) >= 0).all()
    assert ((record.queries_to_success > 0) == record.success).all()


@pytest.mark.parametrize(("free", "most"), [(16, 2), (3, 1), (1, 0)])
def test_surfree_has_directions_left_on_small_pictures(free, most, monkeypatch):
    """Four smooth directions in a grey 4 x 4, fewer under a mask: half of them are remembered."""
    draw = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 16, generator=draw)
    images = torch.rand(4, 1, 4, 4, generator=draw)
    mask = (torch.arange(16) < free).view(1, 1, 4, 4)
    remembered = []
    true = SurFree.direction

    def spied(self, prey, u, before):
        remembered.append(len(before))
        return true(self, prey, u, before)

    def model(x):
        return (x.flatten(1) - 0.5) @ weight.T

    monkeypatch.setattr(SurFree, "direction", spied)
    create("surfree", max_queries=200).run(model, images, model(images).argmax(1), mask=mask)
    assert max(remembered, default=0) == most
