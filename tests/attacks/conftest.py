"""The attacks that the contract is tested on: all that are registered, and random variants."""

from dataclasses import fields

import pytest
import torch
from torch import nn

from robust_core import attacks


class Stripes:
    """A linear detector for pictures of any shape; all of them are equal, as copies should be."""

    def __eq__(self, other):
        return isinstance(other, Stripes)

    def __hash__(self):
        return hash(Stripes)

    def logit(self, images):
        values = images.flatten(1)
        places = torch.arange(values.shape[1], dtype=values.dtype, device=values.device)
        return values @ torch.cos(3 * places)


STEPS = {"steps": 3, "targets": 3, "max_queries": 20, "rounds": 6, "samples": 6, "epochs": 2}
VARIANTS = {
    "pgd-restarts": ("pgd", {"restarts": 3}),
    "pgd-l2-restarts": ("pgd-l2", {"restarts": 3}),
    "apgd-restarts": ("apgd", {"restarts": 3}),
    "apgd-early": ("apgd", {"stop_at_success": True}),
    "noise-draws": ("noise", {"draws": 3}),
    "noise-uniform": ("noise", {"kind": "uniform"}),
    "eot": ("eot", {"draws": 3}),
    "eot-photo": ("eot", {"draws": 3, "transformation": "photo"}),
    "dynamic": ("dynamic", {"detector": Stripes()}),
    "dynamic-detector-only": ("dynamic", {"detector": Stripes(), "sigma": 1}),
    "pgd-pair": ("pgd-pair", {"detector": Stripes()}),
    "pgd-pair-restarts": ("pgd-pair", {"detector": Stripes(), "restarts": 3}),
    "cw-l2-pair": ("cw-l2-pair", {"detector": Stripes()}),
}
CASES = {name: (name, {}) for name in attacks.local_names()} | VARIANTS


def build(case: str, **parameters) -> attacks.Attack:
    """The attack of a case, in three steps where it has steps."""
    name, own = CASES[case]
    allowed = {field.name for field in fields(attacks.get(name))}
    wanted = {**STEPS, **own, **parameters}
    return attacks.create(name, **{k: v for k, v in wanted.items() if k in allowed})


@pytest.fixture
def make():
    """``make(case, eps=...)``: fields that an attack lacks are left out."""
    return build


@pytest.fixture(params=list(CASES))
def case(request) -> str:
    """Every registered attack in turn, then some variants."""
    return request.param


class Net(nn.Module):
    """A smooth network for any channels and size, in float64, with batch normalisation and dropout."""

    def __init__(self, channels: int = 3, classes: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.5)
        self.dense = nn.Linear(8 * 4, classes)

    def forward(self, x):
        x = torch.tanh(self.norm(self.conv(x)))
        return self.dense(self.drop(nn.functional.adaptive_avg_pool2d(x, 2).flatten(1)))


@pytest.fixture
def net():
    """``net(channels=3, classes=5)``: a float64 network in eval mode, the same each time."""

    def make(channels: int = 3, classes: int = 5, dtype=torch.float64) -> Net:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return Net(channels, classes).to(dtype).eval()

    return make


@pytest.fixture
def two(linear, pictures, device):
    """A two-class model, pictures away from the box, labels, and the gradient up to its scale."""
    model, images = linear(2).to(device), pictures().to(device)
    labels = torch.tensor([0, 1, 0, 1, 1, 0], device=device)
    weight = model.weight.detach()
    return model, images, labels, (weight[1 - labels] - weight[labels]).view_as(images)
