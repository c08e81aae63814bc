"""The oracle: gradients that vanish, counts, modes, the observer, and threads that share a model."""

import threading

import pytest
import torch
from torch import nn

from robust_core import attacks, goals
from robust_core.attacks.oracle import FOLDED, Oracle
from robust_core.modes import evaluating

GRADIENT = ["fgsm", "bim", "bim-l2", "pgd", "pgd-l2"]
IMAGES = torch.full((4, 1, 2, 2), 0.5)
LABELS = torch.full((4,), 2)


class OnlyMargin(torch.autograd.Function):
    """Passes gradients on where they concern two classes, and loses all others."""

    @staticmethod
    def forward(ctx, logits):
        return logits.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ((gradient != 0).sum(1, keepdim=True) == 2)


@pytest.mark.parametrize("goal", [goals.Untargeted(), goals.Targeted()])
@pytest.mark.parametrize("name", GRADIENT)
def test_a_vanished_gradient_falls_back_to_the_margin_and_is_counted(net, pictures, name, goal):
    network, images, labels = net(), pictures(), torch.arange(6) % 5

    def lossy(x):  # cross-entropy concerns all five classes: its gradient is lost
        return OnlyMargin.apply(network(x))

    steps = {} if name == "fgsm" else {"steps": 3}
    count = steps.get("steps", 1)
    ce, margin, naive = (
        attacks.create(name, eps=0.1, loss=loss, **steps).run(lossy, images, labels, goal)
        for loss in ("ce", "margin", "softmax-ce")
    )
    assert ce.x_adv.equal(margin.x_adv)
    assert (ce.l2 > 0).all()
    assert ce.zero_gradients.tolist() == naive.zero_gradients.tolist() == [count] * 6
    assert margin.zero_gradients.tolist() == [0] * 6
    assert ce.queries_backward.tolist() == ce.queries_forward.tolist() == [2 * count] * 6
    assert naive.queries_backward.tolist() == margin.queries_backward.tolist() == [count] * 6
    if "pgd" not in name:
        assert naive.x_adv.equal(images)


def test_the_fallback_counts_for_the_right_pictures_in_later_restarts(digits_model, digit_pictures):
    images, labels = (x[:30] for x in digit_pictures)

    def lossy(x):
        return OnlyMargin.apply(digits_model(x))

    attack = attacks.PGD(eps=0.1, steps=2, restarts=3)
    record = attack.run(lossy, images, labels)
    assert 0 < record.success.sum() < 30
    assert (record.zero_gradients[~record.success] == 6).all()
    assert record.queries_backward.equal(2 * record.zero_gradients)
    assert record.zero_gradients.unique().numel() > 1


def flat_below(x):
    """Constant logits for dark pictures, a slope for bright ones; through the margin as well."""
    a = torch.relu(x.flatten(1).mean(1) - 0.5)
    return torch.stack([1 - a, a], 1)


@pytest.mark.parametrize("loss", ["ce", "margin", "softmax-ce"])
@pytest.mark.parametrize("name", ["bim", "bim-l2"])
def test_a_picture_on_a_plateau_stays_and_is_counted_beside_others_that_move(name, loss):
    images = torch.tensor([0.2, 0.8, 0.3, 0.9]).view(4, 1, 1, 1).expand(4, 1, 2, 2).clone()
    attack = attacks.create(name, eps=0.05, steps=3, loss=loss)
    record = attack.run(flat_below, images, torch.zeros(4, dtype=torch.long))
    assert record.zero_gradients.tolist() == [3, 0, 3, 0]
    assert record.x_adv[::2].equal(images[::2])
    assert (record.x_adv[1::2] > images[1::2]).all()
    twice = 3 if loss == "ce" else 0
    assert record.queries_backward.tolist() == [3 + twice, 3, 3 + twice, 3]
    assert record.queries_forward.tolist() == [3 + twice, 3, 3 + twice, 3]


@pytest.mark.parametrize("name", GRADIENT)
def test_an_output_that_does_not_depend_on_the_picture_is_a_zero_gradient(name):
    """A constant, a model behind ``detach``, one without autograd: with and without own parameters."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    models = {
        "constant": lambda x: torch.tensor([[1.0, 0.0, 2.0]]).repeat(len(x), 1),
        "detached": lambda x: network(x.detach()),
        "through numpy": lambda x: network(torch.from_numpy(x.detach().numpy().round())),
        "no autograd": torch.no_grad()(network),
        "inference mode": torch.inference_mode()(network),
    }
    steps = 1 if name == "fgsm" else 3
    attack = attacks.create(name, **({} if steps == 1 else {"steps": steps}))
    for kind, model in models.items():
        record = attack.run(model, IMAGES, LABELS)
        assert record.zero_gradients.tolist() == [steps] * 4, kind
        if "pgd" not in name:
            assert record.x_adv.equal(IMAGES), kind
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("name", GRADIENT)
def test_gradients_that_are_not_numbers_move_nothing_out_of_range(name):
    """The square root has an infinite slope at 0: black pixels give infinity, others a number."""

    def steep(x):
        root = x.sqrt().flatten(1).sum(1)
        return torch.stack([torch.zeros_like(root), root], 1)

    images = torch.tensor([[0.0, 0.5], [0.5, 0.5]])
    adversarial = attacks.create(name, eps=0.1)(steep, images, torch.tensor([0, 0]))
    assert adversarial.isfinite().all()
    assert adversarial.min() >= 0
    assert (adversarial - images).norm(dim=1).max() <= 0.1 * 2**0.5 + 1e-6
    if "l2" not in name:
        torch.testing.assert_close(adversarial, images + 0.1)


def test_ascent_is_the_gradient_of_the_goal_one_picture_apart_from_another(net, pictures):
    small, images, labels = net(), pictures(), torch.arange(6) % 5
    model = lambda x: 100 * small(x)  # noqa: E731  # of ordinary spread, so that no unit comes in
    x = images.clone().requires_grad_()
    logits = model(x)
    probability = logits.softmax(1).gather(1, labels[:, None])[:, 0]
    (expected,) = torch.autograd.grad(torch.log((1 - probability) / probability).sum(), x)
    for goal, sign in ((goals.Untargeted(), 1), (goals.Targeted(), -1)):
        oracle = Oracle(model, images)
        gradient, _ = oracle.ascent(images, goal.bind(labels), "ce")
        torch.testing.assert_close(gradient, sign * expected)
        assert not gradient.requires_grad
        assert oracle.tally("queries").tolist() == [1] * 6


def test_counts_of_some_rows(net, pictures):
    images = pictures()
    oracle = Oracle(net(), images)
    rows = torch.tensor([4, 1])
    aim = goals.Untargeted().bind(torch.arange(6) % 5)
    with oracle.within(rows):
        oracle.ascent(images[rows], aim[rows], "ce")
    oracle.logits(images)
    assert oracle.tally("queries").tolist() == [1, 2, 1, 1, 2, 1]
    assert oracle.tally("gradients").tolist() == [0, 1, 0, 0, 1, 0]
    trace = oracle.trace()
    assert trace.shape == (6, 1)
    assert trace.isnan().flatten().tolist() == [True, False, True, True, False, True]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_logits_are_read_in_float32(pictures, dtype):
    """Their log-sum would round to nothing."""
    logits = torch.tensor([[4.0, 1.0, 0.5]]).to(dtype)
    model = lambda x: logits + 0 * x.flatten(1)[:, :1].to(dtype)  # noqa: E731
    images = pictures(1, dtype=torch.float32)
    oracle = Oracle(model, images)
    assert oracle.logits(images).dtype == torch.float32
    oracle.ascent(images, goals.Untargeted().bind(torch.tensor([0])), "ce")
    expected = nn.functional.cross_entropy(logits.float(), torch.tensor([0]))
    torch.testing.assert_close(oracle.trace()[0, 0], expected)


def test_evaluating_switches_each_module_and_restores_it():
    shared = nn.Dropout()
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(shared, nn.BatchNorm1d(2)), shared)
    model[1][1].eval()
    before = [m.training for m in model.modules()]
    with evaluating(model):
        assert not any(m.training for m in model.modules())
    assert [m.training for m in model.modules()] == before
    assert before.count(False) == 1
    with pytest.raises(KeyError), evaluating(model):
        raise KeyError
    assert [m.training for m in model.modules()] == before


def test_evaluating_does_not_write_to_a_model_in_eval_mode():
    class Watched(nn.Linear):
        def __setattr__(self, name, value):
            assert name != "training" or not hasattr(self, "ready")
            super().__setattr__(name, value)

    model = Watched(2, 2).eval()
    model.ready = True
    with evaluating(model):
        pass
    model.__dict__["training"] = True
    with pytest.raises(AssertionError), evaluating(model):
        pass  # the guard above works


def test_evaluating_takes_what_is_no_module():
    with evaluating(len):
        pass


def test_threads_that_share_a_model_get_what_they_get_alone(digits_model, digit_pictures):
    images, labels = digit_pictures
    jobs = [attacks.PGD(eps=0.05 * (1 + i), steps=4, seed=i) for i in range(6)]
    alone = [attack(digits_model, images[i::6], labels[i::6]) for i, attack in enumerate(jobs)]
    together = [None] * len(jobs)

    def work(i):
        together[i] = jobs[i](digits_model, images[i::6], labels[i::6])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(a.equal(b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("passes", [FOLDED - 1, FOLDED, FOLDED + 1, 3 * FOLDED + 5])
def test_counts_and_trace_of_many_passes_are_those_of_each_pass(passes):
    oracle = Oracle(lambda x: x.flatten(1), IMAGES)
    turns = [None, torch.tensor([2, 0]), torch.tensor([False, True, True, False])]
    counted = torch.zeros(4, dtype=torch.int64)
    traced = torch.full((4, passes), torch.nan)
    for k in range(passes):
        rows = turns[k % 3]
        every = slice(None) if rows is None else rows
        value = torch.full((4,), float(k)) if rows is None else torch.tensor([k, k + 0.5])
        counted[every] += 1
        traced[every, k] = value
        if rows is None:
            oracle.count("queries")
            oracle.observe(IMAGES, value)
        else:
            with oracle.within(rows):
                oracle.count("queries")
                oracle.observe(IMAGES[rows], value)
        if k == FOLDED:  # asking does not disturb what is counted
            assert oracle.tally("queries").equal(counted)
    assert oracle.tally("queries").equal(counted)
    assert oracle.tally("gradients").tolist() == [0] * 4
    assert oracle.trace().nan_to_num(-1).equal(traced.nan_to_num(-1))
