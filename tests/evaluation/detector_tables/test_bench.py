"""Answers from shared passes are those of direct ones; nothing is asked twice."""

import pytest
import torch

from robust_core.attacks import BIM, FGSM, Dynamic
from robust_core.detectors.measure import answers, ask, to_lattice
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.pairs import fooled

TABLES = "robust_core.evaluation.detector_tables"
EPS = 8 / 255
CPU = torch.device("cpu")
IMAGES = torch.randint(
    0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


class Made:
    """Adversarial pictures that are made when they are asked for."""

    def __init__(self, model, images, labels, attack):
        self.images, self.adversarial = images, attack(model, images, labels)

    def pairs(self, rows, device):
        return self.images[rows], self.adversarial[rows]


@pytest.fixture
def bench(resnet, three_detectors, monkeypatch):
    """Six pictures, of which the classifier is right on four, asked four at a time."""
    monkeypatch.setattr(f"{TABLES}.bench.per_pass", lambda images, most: min(most, 4))
    floats = IMAGES.float() / 255
    labels = resnet(floats).argmax(1)
    labels[[1, 4]] = (labels[[1, 4]] + 1) % 10
    crafted = []

    def craft(attack, n):
        crafted.append(attack.name)
        return Made(resnet, floats[:n], labels[:n], attack)

    entries = {name: {} for name in three_detectors}
    bench = DetectorBench(
        entries, None, resnet, IMAGES, labels, load=three_detectors.get, craft=craft
    )
    bench.crafted = crafted
    return bench


@pytest.mark.parametrize("eight_bit", [False, True])
def test_answers_are_the_direct_ones(bench, three_detectors, resnet, eight_bit):
    attack = FGSM(eps=EPS)
    made = Made(resnet, IMAGES.float() / 255, bench.labels, attack)
    given = bench.answers(list(three_detectors), attack, 6, eight_bit=eight_bit)
    for detector, one in zip(three_detectors.values(), given, strict=True):
        pairs = [made.pairs(slice(0, 3), CPU), made.pairs(slice(3, 6), CPU)]
        direct = answers(detector, pairs, bench.labels, eight_bit=eight_bit)
        for name in ("genuine", "adversarial"):
            assert torch.allclose(getattr(one, name), getattr(direct, name), atol=1e-6)
        assert torch.equal(one.before, direct.before)
        assert torch.equal(one.after, direct.after)
        assert one.before.tolist() == [True, False, True, True, False, True]
    assert given[0].turned.any()


def test_nothing_is_asked_twice_and_parts_of_the_pictures_stand_alone(bench, monkeypatch):
    asked = []
    monkeypatch.setattr(f"{TABLES}.bench.ask", lambda d, x, y: asked.append(len(d)) or ask(d, x, y))
    attack = FGSM(eps=EPS)
    first = bench.answers(["AD(0)"], attack, 4)
    assert asked == [1, 1]
    again = bench.answers(["AD(0)", "AD(2)"], FGSM(eps=EPS), 4)
    assert asked == [1, 1, 1, 1]
    assert torch.equal(first[0].adversarial, again[0].adversarial)
    bench.answers(["AD(2)", "AD(0)"], attack, 4)
    assert len(asked) == 4
    fewer = bench.answers(["AD(0)"], attack, 2)[0]
    assert torch.allclose(fewer.adversarial, first[0].adversarial[:2], atol=1e-6)


@pytest.mark.parametrize("name", ["AD(2)", "squeezing"])
def test_shares_that_fool_are_the_direct_ones(bench, three_detectors, resnet, name, monkeypatch):
    monkeypatch.setattr(f"{TABLES}.pairs.BATCH", 4)
    detector, x, y = three_detectors[name], IMAGES.float() / 255, bench.labels
    monkeypatch.setattr(detector, "threshold", detector.score(x).sort().values[3].item())
    attack = Dynamic(eps=EPS, steps=2, detector=detector)
    row = fooled(bench, name, attack, 6)
    adversarial = attack(resnet, x, y)
    counts = (resnet(x).argmax(1) == y) & ~detector.flags(x)
    assert 0 < counts.sum() < 6
    turned = resnet(adversarial).argmax(1) != y
    both = turned & ~detector.flags(adversarial)
    rounded = to_lattice(adversarial)
    both_8bit = (resnet(rounded).argmax(1) != y) & ~detector.flags(rounded)
    assert (row.n, row.of) == (6, int(counts.sum()))
    assert row.fools_classifier == pytest.approx(turned[counts].double().mean().item())
    assert row.fools_both == pytest.approx(both[counts].double().mean().item())
    assert row.fools_both_8bit == pytest.approx(both_8bit[counts].double().mean().item())
    assert row.fools_both <= row.fools_classifier
    if row.fools_both:
        distances = (adversarial - x).double().flatten(1).norm(dim=1)
        assert row.mean_l2 == pytest.approx(distances[counts & both].mean().item())
    assert row.parameters["detector"] == name


def test_shares_of_nothing_are_none(bench, three_detectors, monkeypatch):
    monkeypatch.setattr(three_detectors["AD(2)"], "threshold", 0.0)
    attack = Dynamic(eps=EPS, steps=1, detector=three_detectors["AD(2)"])
    row = fooled(bench, "AD(2)", attack, 6)
    assert row.of == 0
    assert {getattr(row, k) for k in ("fools_classifier", "fools_both", "mean_l2")} == {None}


def test_a_limit_counts_for_every_table_and_never_exceeds_the_pictures(bench):
    assert [bench.count(own) for own in (4, 2000)] == [4, 6]
    bench.limit = 5
    assert [bench.count(own) for own in (2, 2000)] == [5, 5]
    assert BIM(eps=EPS, steps=1) == BIM(eps=EPS, steps=1)  # what the memory of answers relies on
