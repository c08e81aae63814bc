"""Who takes part in benchmarks/attacks.py: our attacks, their floor, and the peers' equivalents."""

import importlib.metadata
import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core import attacks

EPS, STEP, STEPS = 8 / 255, 2 / 255, 10
L2_EPS, L2_STEP = 0.5, 0.1
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")

Run = Callable[[], Tensor]


@dataclass(frozen=True)
class Case:
    """One attack at one setting, and its equivalents: ``None`` where a peer has none."""

    label: str
    ours: attacks.Attack
    passes: int
    eps: float
    foolbox: tuple[str, dict] | None
    torchattacks: tuple[str, dict] | None


def cases() -> list[Case]:
    """Identical settings for everyone; random starts where the method has them."""
    linf = {"eps": EPS, "steps": STEPS, "step_size": STEP}
    l2 = {"eps": L2_EPS, "steps": STEPS, "step_size": L2_STEP}
    fool = {"abs_stepsize": STEP, "steps": STEPS}
    fool_l2 = {"abs_stepsize": L2_STEP, "steps": STEPS}
    torch_ = {"eps": EPS, "alpha": STEP, "steps": STEPS}
    torch_l2 = {"eps": L2_EPS, "alpha": L2_STEP, "steps": STEPS}
    make = attacks.create
    return [
        Case(
            "noise, normal",
            make("noise", eps=EPS, kind="gaussian"),
            0,
            EPS,
            None,
            ("GN", {"std": EPS}),
        ),
        Case(
            "fgsm",
            make("fgsm", eps=EPS),
            1,
            EPS,
            ("LinfFastGradientAttack", {}),
            ("FGSM", {"eps": EPS}),
        ),
        Case(
            "bim",
            make("bim", **linf),
            STEPS,
            EPS,
            ("LinfBasicIterativeAttack", fool),
            ("BIM", torch_),
        ),
        Case(
            "bim-l2",
            make("bim-l2", **l2),
            STEPS,
            L2_EPS,
            ("L2BasicIterativeAttack", fool_l2),
            ("PGDL2", {**torch_l2, "random_start": False}),
        ),
        Case("pgd", make("pgd", **linf), STEPS, EPS, ("LinfPGD", fool), ("PGD", torch_)),
        Case(
            "pgd-l2", make("pgd-l2", **l2), STEPS, L2_EPS, ("L2PGD", fool_l2), ("PGDL2", torch_l2)
        ),
    ]


def photographs(count: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Random crops ``[count, 3, H, W]`` of scikit-image's photographs, from 1 to 4 times the size."""
    from skimage import data

    sources = [torch.from_numpy(getattr(data, name)()) for name in PHOTOGRAPHS]
    generator = torch.Generator().manual_seed(seed)
    crops = []
    for i in range(count):
        picture = sources[i % len(sources)].permute(2, 0, 1).float().div(255)
        scale = int(torch.randint(1, 5, (), generator=generator))
        height, width = (scale * side for side in size)
        top = int(torch.randint(picture.shape[1] - height + 1, (), generator=generator))
        left = int(torch.randint(picture.shape[2] - width + 1, (), generator=generator))
        crop = picture[:, top : top + height, left : left + width]
        crops.append(F.avg_pool2d(crop[None], scale)[0])
    return torch.stack(crops).clamp_(0, 1)


def floor(model: torch.nn.Module, images: Tensor, labels: Tensor, passes: int) -> Run:
    """``passes`` bare forward and backward passes."""

    def run() -> Tensor:
        for _ in range(passes):
            x = images.detach().requires_grad_()
            loss = F.cross_entropy(model(x), labels, reduction="sum")
            torch.autograd.grad(loss, x)
        return images

    return run


class PlainGradients(torch.nn.Module):
    """``model`` with contiguous gradients: torchattacks' PGDL2 fails on those of channels_last."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad:
            x.register_hook(Tensor.contiguous)
        return self.model(x)


def contestants(
    case: Case, model: torch.nn.Module, images: Tensor, labels: Tensor
) -> dict[str, Run]:
    """Name to a call that makes the adversarial pictures; peers only where they are installed."""
    runs: dict[str, Run] = {"ours": lambda: case.ours(model, images, labels)}
    if case.passes:
        runs["floor"] = floor(model, images, labels, case.passes)
    if case.foolbox and installed("foolbox"):
        import foolbox

        name, settings = case.foolbox
        peer = getattr(foolbox.attacks, name)(**settings)
        wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=images.device)
        criterion = foolbox.criteria.Misclassification(labels)
        # run, not __call__: foolbox's call predicts once more to report success.
        runs["foolbox"] = lambda: peer.run(wrapped, images, criterion, epsilon=case.eps)
    if case.torchattacks and installed("torchattacks"):
        import torchattacks

        name, settings = case.torchattacks
        seen = PlainGradients(model).eval() if name == "PGDL2" else model
        peer_ = getattr(torchattacks, name)(seen, **settings)
        runs["torchattacks"] = lambda: peer_(images, labels)
    return runs


def prepare(threads: int | None) -> None:
    """Silence the peers and set torch's threads, before anything is measured."""
    warnings.filterwarnings("ignore")  # the peers', of their dependencies
    logging.disable(logging.WARNING)
    if threads:
        torch.set_num_threads(threads)


def installed(package: str) -> str | None:
    """The version of a package, None if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
