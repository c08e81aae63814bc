"""Compiled networks are the same functions, and what cannot be compiled is refused by a sentence."""

from threading import Thread

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from robust_core import verification, zoo
from robust_core.verification import compile_network
from tests.verification.networks import perceptron, pictures, residual, seeded


class Functional(nn.Module):
    """Everything as functions and methods, and a value that two layers read."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(1, 4, 3, stride=2), nn.Linear(4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.norm.running_mean.uniform_(-0.3, 0.3)

    def forward(self, x):
        x = self.conv(2 * x - 1)
        y = self.norm(x)  # x is read again: it must not be folded away
        x = F.relu(x - y)
        x = F.max_pool2d(x, 3, 1)
        x = F.adaptive_avg_pool2d(-x + 1, 1)
        return self.last(F.dropout(x, 0.5, self.training).view(x.size(0), -1))


@pytest.mark.parametrize(
    ("model", "size"),
    [
        (perceptron(), (1, 1, 6)),
        (residual(), (2, 4, 4)),
        (residual(1), (2, 8, 6)),
        (seeded(0, Functional), (1, 9, 11)),
        ("digits-cnn", (1, 8, 8)),
        ("digits-mlp", (1, 8, 8)),
        ("gtsrb-cnn", (3, 32, 32)),
        ("cifar10-resnet32", (3, 32, 32)),
    ],
)
def test_a_compiled_network_is_the_same_function(model, size):
    model = zoo.load(model, "cpu") if isinstance(model, str) else model
    images = pictures(0, 3, *size)
    network = compile_network(model, size)
    logits = network(images.double())
    assert logits.dtype == torch.float64
    assert torch.allclose(logits, model(images).double(), atol=1e-4)


@pytest.mark.parametrize("size", [(2, 4, 4), (2, 6, 10)])
def test_forms_go_back_as_values_go_forth(size):
    """``rows W x + rows b = rows (W x + b)`` for every affine step."""
    network = compile_network(residual(2), size)
    generator = torch.Generator().manual_seed(0)
    kinds = set()
    for step in network.steps:
        if step.affine is None:
            continue
        kinds.add(type(step.affine).__name__)
        x, y = (
            torch.randn(5, *shape, generator=generator, dtype=torch.float64)
            for shape in (step.affine.before, step.affine.after)
        )
        forth = (y * step.affine(x)).flatten(1).sum(1)
        back = (step.affine.back(y) * x).flatten(1).sum(1) + step.affine.constant(y)
        assert torch.allclose(forth, back)
        least = step.affine(x) - step.affine.spread(torch.full_like(x, 0.1))
        assert (step.affine(x + 0.1 * torch.rand_like(x)) >= least - 1e-12).all()
    assert kinds == {"Convolution", "Scale", "Dense", "Reshape"}


def test_batch_normalisation_is_folded():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
    network = compile_network(nn.Sequential(*model, nn.Linear(2, 2)).eval(), (1, 3, 3))
    assert [step.name for step in network.steps][:2] == ["0 (Conv2d)", "2 (ReLU)"]


def sequential(*layers):
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(2)).eval()


class Branch(nn.Module):
    def forward(self, x):
        return x.flatten(1) if x.sum() > 0 else -x.flatten(1)


class Product(nn.Module):
    def forward(self, x):
        x = x.flatten(1)
        return x * x


def hooked() -> nn.Module:
    model = sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    model[1].register_forward_hook(lambda layer, given, found: -found)
    return model


REFUSED = [
    (hooked(), r"1 \(ReLU\) has a hook"),
    (nn.Sequential(nn.Flatten(), nn.Linear(16, 2).half()), "cannot be verified in half precision"),
    (sequential(nn.Sigmoid()), r"0 \(Sigmoid\) cannot be compiled"),
    (sequential(nn.Conv2d(1, 2, 3), nn.GELU()), r"1 \(GELU\) cannot be compiled"),
    (sequential(nn.MaxPool2d(2, padding=1)), r"0 \(MaxPool2d\) .* without padding"),
    (sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect")), "padding is reflect"),
    (
        sequential(nn.BatchNorm2d(1, track_running_stats=False)),
        r"0 \(BatchNorm2d\) cannot be compiled: it has no running statistics",
    ),
    (Branch(), "Branch cannot be compiled"),
    (Product(), "a product of two activations"),
    (nn.Sequential(nn.Conv2d(1, 2, 3)), "model must return logits"),
]


@pytest.mark.parametrize(("model", "sentence"), REFUSED, ids=[s for _, s in REFUSED])
def test_what_cannot_be_compiled_is_named(model, sentence):
    images, labels = pictures(0, 2, 1, 4, 4), torch.tensor([0, 1])
    for part in model.modules():
        if isinstance(part, nn.LazyLinear):
            model(images)
    with pytest.raises(ValueError, match=sentence):
        verification.verify(model, images, labels, 0.1)


def test_a_network_whose_own_rounding_is_large_proves_less():
    """2^14 is added and taken away: float32 then knows the picture to a thousandth."""

    class Cancelling(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(1, 1), nn.Linear(1, 2)
            with torch.no_grad():
                self.first.weight.fill_(1.0)
                self.first.bias.fill_(2.0**14)
                self.last.weight.copy_(torch.tensor([[0.0], [1.0]]))
                self.last.bias.copy_(torch.tensor([0.0, -(2.0**14) - 0.5]))

        def forward(self, x):
            return self.last(torch.relu(self.first(x.flatten(1))))

    model, image, label = Cancelling().eval(), torch.full((1, 1, 1, 1), 0.5015), torch.tensor([1])
    near = image - 0.00079
    assert int(model(near).argmax()) == 0
    for method in ("ibp", "crown", "crown-optimised"):
        found = verification.verify(model, image, label, 0.0008, method)
        assert not found.verified.any()
        assert found.outward[0] > 1e-3


class Clipped(zoo.load("digits-mlp", "cpu").__class__):
    def forward(self, images):
        return super().forward(images).clamp(-1, 1)


def test_a_classifier_that_does_more_than_its_network_is_refused():
    own = zoo.load("digits-mlp", "cpu")
    model = Clipped(
        own.network,
        name="clipped",
        class_names=own.class_names,
        input_size=(8, 8),
        mean=(0.0,),
        std=(1.0,),
    )
    with pytest.raises(ValueError, match="Clipped changes what its network is given or gives"):
        verification.verify(model, pictures(0, 1, 1, 8, 8), torch.tensor([0]), 0.1)


def test_a_module_keeps_its_mode_and_gets_no_gradients():
    model = residual().train().requires_grad_(True)
    images = pictures(0, 2, 2, 4, 4)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    verification.verify(model, images, torch.tensor([0, 1]), 0.01)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(v, before[name]) for name, v in model.state_dict().items())


class Watched(nn.Module):
    """While it is traced, another thread asks a module of its own."""

    def __init__(self, other: nn.Module) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 3)
        self.other = [other]
        self.answers: list = []

    def forward(self, x):
        def ask():
            try:
                self.answers.append(self.other[0](torch.ones(1, 2)))
            except BaseException as error:
                self.answers.append(error)

        thread = Thread(target=ask)
        thread.start()
        thread.join()
        return self.layer(x.flatten(1))


def test_other_threads_may_ask_their_modules_while_one_is_traced():
    other = seeded(0, lambda: nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    model = seeded(1, lambda: Watched(other))
    compile_network(model, (1, 1, 2))
    (answer,) = model.answers
    assert torch.equal(answer, other(torch.ones(1, 2)))
