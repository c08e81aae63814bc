"""The sandwich on bundled networks: bounds, the exact minimum, and the attack, from below to above."""

import itertools

import pytest
import torch

from robust_core import attacks, verification, zoo
from robust_core.data import digits
from robust_core.verification.models import margin_of
from robust_core.verification.record import BROKEN, PROVED

PICTURES, UNSTABLE = 8, 20


def hardest(model, eps):
    """Of the first 100 test digits those with few unstable ReLUs of which CROWN proves least."""
    images, labels = (x[:100] for x in digits.load("test"))
    found = verification.verify(model, images, labels, eps, "crown", attack=False)
    few = (found.clean > 0) & (found.unstable > 0) & (found.unstable <= UNSTABLE)
    rows = few.nonzero().squeeze(1)
    rows = rows[found.lower[rows].argsort()[:PICTURES]]
    assert len(rows) == PICTURES
    return images[rows], labels[rows]


@pytest.mark.parametrize(
    ("name", "eps"),
    [("digits-mlp", 0.01), ("digits-mlp", 0.03), ("digits-mlp-ibp", 0.03), ("digits-mlp-ibp", 0.1)],
)
def test_intervals_crown_the_exact_minimum_and_the_attack_are_in_order(name, eps):
    model = zoo.load(name, "cpu")
    images, labels = hardest(model, eps)
    chain = [
        verification.verify(model, images, labels, eps, method, attack=False)
        for method in ("ibp", "crown", "crown-optimised", "milp")
    ]
    for loose, tight in itertools.pairwise(chain):
        assert (loose.lower <= tight.lower).all()
        assert (loose.verified <= tight.verified).all()
    exact = chain[-1]
    assert not exact.timed_out.any()
    assert (exact.lower <= exact.exact).all()
    assert set(exact.status) <= {PROVED, BROKEN}
    pgd = attacks.create("pgd-t", eps=eps, steps=20, loss="margin")
    with torch.no_grad():
        reached = margin_of(model(pgd(model, images, labels)).double(), labels)
    assert (exact.exact <= reached + exact.outward).all()
    assert not (exact.verified & (reached <= 0)).any()
    assert exact.mask(BROKEN).any()  # the ends of the chain are not all on one side
