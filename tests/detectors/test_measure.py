"""Detectability: what is counted, and what rounding to 8 bits does."""

from itertools import pairwise

import pytest
import torch

from robust_core.detectors.measure import Answers, answers, area, ask, per_pass, to_lattice


class Pair:
    """A classifier and a detector that read their answers off the pictures' first two values."""

    device = torch.device("cpu")

    def both(self, images):
        values = images.flatten(1)
        logits = torch.stack([values[:, 0], 1 - values[:, 0]], 1)
        return logits, 20 * (values[:, 1] - 0.5)


def picture(*rows):
    return torch.tensor(rows).view(-1, 1, 1, 2)


def test_only_answers_that_were_turned_count_as_adversarial():
    """Four pictures: one never right, one stays right, two turned, one of which is found."""
    clean = picture((0.1, 0.0), (0.9, 0.0), (0.9, 1.0), (0.9, 0.0))
    adversarial = picture((0.1, 1.0), (0.9, 1.0), (0.1, 1.0), (0.1, 0.0))
    labels = torch.zeros(4).long()
    pairs = [(clean[:3], adversarial[:3]), (clean[3:], adversarial[3:])]
    found = answers(Pair(), pairs, labels)
    assert found.turned.tolist() == [False, False, True, True]
    figures = found.figures()
    assert figures.pop("auc") == 5 / 8  # the found one 3.5 of 4, the other 1.5
    assert figures == {
        "detectability": (1 - 0.25 + 0.5) / 2,
        "false_positives": 0.25,
        "true_positives": 0.5,
        "n_test": 4,
        "n_adversarial": 2,
        "top1": 0.75,
        "top1_adversarial": 0.25,
    }
    nothing = answers(Pair(), [(clean, clean)], labels).figures()
    assert (nothing["detectability"], nothing["auc"], nothing["n_adversarial"]) == (None, None, 0)


def test_a_higher_threshold_flags_fewer_of_both():
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(2, 200, generator=generator)
    found = Answers(scores[0] / 2, scores[1], torch.ones(200).bool(), torch.zeros(200).bool())
    rows = [found.figures(threshold) for threshold in torch.linspace(0, 1, 11).tolist()]
    for a, b in pairwise(rows):
        assert a["false_positives"] >= b["false_positives"]
        assert a["true_positives"] >= b["true_positives"]
    assert rows[0]["detectability"] == rows[-1]["detectability"] == 0.5


def test_the_area_is_the_chance_that_an_adversarial_picture_scores_higher():
    genuine, adversarial = torch.tensor([0.1, 0.4, 0.35]), torch.tensor([0.8, 0.35])
    higher = sum((a > g) + 0.5 * (a == g) for a in adversarial for g in genuine)
    assert area(genuine, adversarial) == pytest.approx(float(higher) / 6)


def test_eight_bits_take_away_what_lies_between_the_levels():
    x = torch.rand(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    rounded = to_lattice(x)
    assert torch.equal(to_lattice(rounded), rounded)
    assert (rounded - x).abs().max() <= 0.5 / 255 + 1e-6
    # A change of less than half a level is gone, and the success with it.
    clean = picture((128 / 255, 0.0))
    adversarial = picture((126.8 / 255, 0.0))
    labels = torch.zeros(1).long()
    assert answers(Pair(), [(clean, adversarial)], labels).turned.all()
    nearer = picture((127.6 / 255, 0.0))
    found = answers(Pair(), [(clean, nearer - 0.0)], labels, eight_bit=True)
    assert not found.turned.any()


def test_the_trunk_is_passed_once_for_all_subnetworks(three_detectors, resnet, monkeypatch):
    passes = []
    walk = resnet.network.walk
    monkeypatch.setattr(resnet.network, "walk", lambda x: passes.append(1) or walk(x))
    pair = [three_detectors["AD(2)"], three_detectors["AD(0)"]]
    images = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    scores, right = ask(pair, images, torch.zeros(6, dtype=torch.long))
    assert len(passes) == 1
    assert scores.shape == (2, 6)
    assert right.dtype == torch.bool
    for row, detector in zip(scores, pair, strict=True):
        assert torch.allclose(row, detector.score(images), atol=1e-6)


@pytest.mark.parametrize(("side", "pictures"), [(32, 250), (128, 42), (224, 13), (4000, 1)])
def test_fewer_large_pictures_go_through_at_a_time(side, pictures):
    images = torch.empty(500, 3, side, side, device="meta")
    assert per_pass(images) == pictures
    assert per_pass(images, 10) == min(pictures, 10)
