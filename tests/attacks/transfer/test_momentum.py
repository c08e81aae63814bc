"""MI-FGSM: algorithm 1 of the paper, and BIM without the memory."""

import copy

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks.transfer.momentum import by_mean

PLAIN = {
    "mi-fgsm": {},
    "di-fgsm": {"probability": 0},
    "ti-fgsm": {"kernel": 1},
}
GOALS = [goals.Untargeted(), goals.Targeted(), goals.ConfidenceReduction(drop=0.05)]


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.name)
@pytest.mark.parametrize("area", [None, "corner"])
def test_in_the_trivial_setting_it_is_bim_bit_for_bit(
    name, goal, area, digits_model, digit_pictures
):
    if goal.name not in attacks.get(name).goals:
        pytest.skip("has no such goal")
    images, labels = (x[:16] for x in digit_pictures)
    labels = (labels + 1) % 10 if goal.name == "targeted" else labels
    mask = None if area is None else (torch.arange(64).view(1, 1, 8, 8) % 8 < 5).float()
    attack = attacks.create(name, eps=0.1, steps=5, decay=0, **PLAIN[name])
    bim = attacks.create("bim", eps=0.1, steps=5)
    found = attack.run(digits_model, images, labels, goal, mask=mask)
    expected = bim.run(digits_model, images, labels, goal, mask=mask)
    assert found.x_adv.equal(expected.x_adv)
    assert found.queries_forward.equal(expected.queries_forward)
    assert found.queries_backward.equal(expected.queries_backward)


@pytest.mark.parametrize("name", ["di-fgsm", "ti-fgsm"])
def test_with_memory_alone_they_are_mi_fgsm_bit_for_bit(name, digits_model, digit_pictures):
    images, labels = (x[:16] for x in digit_pictures)
    attack = attacks.create(name, eps=0.1, steps=5, decay=0.7, **PLAIN[name])
    other = attacks.create("mi-fgsm", eps=0.1, steps=5, decay=0.7)
    assert attack(digits_model, images, labels).equal(other(digits_model, images, labels))


@pytest.mark.parametrize("decay", [0.5, 1.0])
def test_it_is_algorithm_1_of_the_paper(decay, digits_model, digit_pictures):
    """With the L1 norm of each picture's gradient, as the paper has it; in float64, for sure signs."""
    images, labels = digit_pictures[0][:8].double(), digit_pictures[1][:8]
    model = copy.deepcopy(digits_model).double()
    x, memory = images.clone(), torch.zeros_like(images)
    eps, steps = 0.2, 6
    for _ in range(steps):
        x = x.detach().requires_grad_()
        loss = torch.nn.functional.cross_entropy(model(x), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, x)
        size = gradient.flatten(1).abs().sum(1).view(-1, 1, 1, 1)
        memory = decay * memory + gradient / size
        x = x + eps / steps * memory.sign()
        x = torch.min(torch.max(x, images - eps), images + eps).clamp(0, 1)
    attack = attacks.create("mi-fgsm", eps=eps, steps=steps, step_size=eps / steps, decay=decay)
    torch.testing.assert_close(attack(model, images, labels), x.detach(), rtol=0, atol=1e-6)


def test_the_memory_outvotes_one_gradient():
    """Two steps up, beyond a ridge, where the slope turns round: BIM turns too, with memory it goes on."""

    def model(x):
        total = x.sum((1, 2, 3))
        return torch.stack([(total - 2.3).abs(), torch.zeros_like(total)], 1)

    images, labels = torch.full((1, 1, 2, 2), 0.5), torch.tensor([0])
    common = {"eps": 0.3, "steps": 4, "step_size": 0.05}
    bim = attacks.create("bim", **common)(model, images, labels)
    mi = attacks.create("mi-fgsm", **common)(model, images, labels)
    assert bim.mean() == pytest.approx(0.6, abs=1e-6)  # 0.55, 0.6, 0.55, 0.6
    assert mi.mean() == pytest.approx(0.65, abs=1e-6)  # memory 1, 2, 1, and 0, where it stays


@pytest.mark.parametrize("by", [1e-30, 1.0, 1e30])
def test_gradients_of_any_size_count_alike(by):
    generator = torch.Generator().manual_seed(0)
    gradient = torch.randn(3, 2, 4, 4, generator=generator)
    found = by_mean(by * gradient)
    torch.testing.assert_close(found.abs().mean((1, 2, 3)), torch.ones(3))
    torch.testing.assert_close(found, by_mean(gradient))
    assert by_mean(torch.zeros(2, 1, 3, 3)).equal(torch.zeros(2, 1, 3, 3))
