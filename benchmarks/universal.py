"""Time the fits of universal perturbations and patches against their floor, and compare them with ART's.

    python benchmarks/universal.py --threads 1
    python benchmarks/universal.py --threads 1 --pictures 100 --cpu-time
    python benchmarks/universal.py --threads 1 --cpu-time --defaults

The floor of ``uap`` is its DeepFool passes alone: as many bare forward and backward passes, batch by batch.
ART (see README.md for its environment) gets the same model, pictures and radius, and as many passes over
them; fooling rate and patch success are measured by the same code on pictures that neither was fitted to.
``--defaults`` times nothing but the fits that a user makes without choosing anything, to 1,000 pictures.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contestants import installed
from minimum_norm_contestants import Counted, art
from timing import clock, machine

from robust_core import attacks, files, zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.data import cifar10
from robust_core.evaluation.universal.fooling import of_perturbation
from robust_core.evaluation.universal.placing import success
from robust_core.goals import Towards

MODEL, EPS, TARGET = "cifar10-resnet32", 10 / 255, 5
PASSES, STEPS, BATCH = 1, 100, 16
DEFAULTS = {"uap-sgd": 120, "uap": 360}
"""Seconds that a fit with default settings may take on two idle cores."""
PICTURES = 1000
"""That it is fitted to."""


class Recorded(nn.Module):
    """A model that notes the size of each batch, and how often its answer is pulled back."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.calls: list[list[int]] = []

    def forward(self, x: Tensor) -> Tensor:
        logits = self.model(x)
        call = [len(x), 0]
        self.calls.append(call)
        if logits.requires_grad:
            logits.register_hook(lambda _: call.__setitem__(1, call[1] + 1))
        else:
            call[1] = -1
        return logits


def bare(model: nn.Module, calls: list[list[int]], images: Tensor) -> None:
    """The same passes and nothing else; those that need no gradient are left out."""
    for size, pulls in calls:
        if pulls < 0:
            continue
        x = images[:size].clone().requires_grad_()
        logits = model(x)
        for pull in range(pulls):
            torch.autograd.grad(logits, x, torch.ones_like(logits), retain_graph=pull + 1 < pulls)


def against_the_floor(model: nn.Module, images: Tensor, labels: Tensor, now) -> dict:
    """Seconds of one fit and of its bare passes; the median of three rounds' ratios."""
    attack = attacks.create("uap", eps=EPS, passes=PASSES)
    seen = Recorded(model)
    attack.fit(seen, images, labels)
    ratios, seconds = [], []
    for _ in range(3):
        floor = clock(lambda: bare(model, seen.calls, images), images.device, now)
        seconds.append(clock(lambda: attack.fit(model, images, labels), images.device, now))
        ratios.append(seconds[-1] / floor)
    return {"attack": "uap", "ratio": sorted(ratios)[1], "seconds": sorted(seconds)[1]}


def perturbations(model: nn.Module, train: tuple, test: tuple, now, peer: bool) -> list[dict]:
    """``uap`` and ``uap-sgd``, and ART's UniversalPerturbation by DeepFool, after as many passes."""
    counted = Counted(model)
    rows = []

    def measure(name: str, make) -> None:
        counted.restart()
        kept: list[Tensor] = []
        seconds = clock(lambda: kept.append(make()), train[0].device, now)
        passes = {"forward": counted.forwards, "backward": counted.backwards}
        found = of_perturbation(model, attacks.Universal(kept[0]), *test)
        rows.append({"name": name, "seconds": seconds, **passes, "fooled": found["rate"]})
        rows[-1]["linf"] = found["linf"]

    for name in ("uap", "uap-sgd"):
        attack = attacks.create(name, eps=EPS, passes=PASSES)
        measure(name, lambda a=attack: a.fit(counted, *train).delta)
    if peer:
        measure("ART UniversalPerturbation", lambda: _art_uap(counted, train[0]))
    return rows


def _art_uap(counted: Counted, images: Tensor) -> Tensor:
    from art.attacks.evasion import UniversalPerturbation

    own = {"max_iter": 10, "nb_grads": 10, "epsilon": 0.02, "verbose": False, "batch_size": 1}
    attack = UniversalPerturbation(
        art(counted), "deepfool", own, delta=0.2, max_iter=PASSES, eps=EPS, verbose=False
    )
    attack.generate(images.numpy())
    return torch.from_numpy(attack.noise).float().reshape(1, *images.shape[1:])


def default_fits(model: nn.Module, train: tuple, test: tuple, now) -> list[dict]:
    """Seconds of a fit with default settings, and what it fools of the test pictures."""
    rows = []
    for name, limit in DEFAULTS.items():
        kept: list[attacks.Universal] = []
        attack = attacks.create(name, eps=EPS)
        seconds = clock(
            lambda a=attack, k=kept: k.append(a.fit(model, *train)), train[0].device, now
        )
        fooled = of_perturbation(model, kept[0], *test)["rate"]
        rows.append({"name": name, "seconds": seconds, "limit": limit, "fooled": fooled})
        print(
            f"{name:8} fitted to {PICTURES:,} pictures in {seconds:.0f} s (aim: at most {limit} s on two "
            f"cores); fools {fooled:.1%} of {len(test[0]):,} test pictures",
            flush=True,
        )
    return rows


def patches(model: nn.Module, train: tuple, test: tuple, now, peer: bool) -> list[dict]:
    """``patch`` and ART's AdversarialPatchPyTorch after as many steps, towards one class at a tenth."""
    counted = Counted(model)
    rows = []

    def measure(name: str, make, reached) -> None:
        counted.restart()
        kept: list = []
        seconds = clock(lambda: kept.append(make()), train[0].device, now)
        passes = {"forward": counted.forwards, "backward": counted.backwards}
        rows.append({"name": name, "seconds": seconds, **passes, "reached": reached(kept[0])})

    def pasted(patch: PatchUniversal) -> float:
        return success(model, patch, *test, TARGET)["rate"]

    attack = attacks.create("patch", steps=STEPS, batch=BATCH)
    ours = attack.fit(model, train[0][:BATCH], train[1][:BATCH] * 0, Towards(TARGET))
    measure("patch", lambda: attack.fit(counted, *train, Towards(TARGET)), pasted)
    if peer:
        measure(
            "ART AdversarialPatchPyTorch",
            lambda: _art_patch(counted, train[0], ours),
            lambda fitted: _art_reached(model, fitted, ours, test),
        )
    return rows


def _art_reached(model: nn.Module, fitted, like: PatchUniversal, test: tuple) -> float:
    """How often ART's patch reaches the class where ART itself pastes it, on pictures of other classes."""
    others = test[1] != TARGET
    side = like.side / test[0].shape[-1]
    shown = torch.from_numpy(fitted.apply_patch(test[0][others].numpy(), scale=side))
    with torch.no_grad():
        return (model(shown).argmax(1) == TARGET).double().mean().item()


def _art_patch(counted: Counted, images: Tensor, like: PatchUniversal):
    """ART's patch is as large as the picture, and its scale a share of the side."""
    from art.attacks.evasion import AdversarialPatchPyTorch

    side = like.side / images.shape[-1]
    attack = AdversarialPatchPyTorch(
        art(counted),
        rotation_max=20.0,
        scale_min=0.9 * side,
        scale_max=1.1 * side,
        learning_rate=0.05,
        max_iter=max(1, STEPS * BATCH // len(images)),
        batch_size=BATCH,
        patch_shape=tuple(images.shape[1:]),
        patch_type="circle",
        optimizer="Adam",
        targeted=True,
        verbose=False,
    )
    wanted = torch.full((len(images),), TARGET).numpy()
    attack.generate(images.numpy(), F.one_hot(torch.from_numpy(wanted), 10).float().numpy())
    return attack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=64, help="fitted to (default: 64)")
    parser.add_argument("--test", type=int, default=500, help="measured on (default: 500)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument(
        "--cpu-time", action="store_true", help="for a busy machine, with --threads 1"
    )
    parser.add_argument(
        "--defaults", action="store_true", help=f"only fits by default settings to {PICTURES:,}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")  # ART's, of its dependencies
    now = time.process_time if options.cpu_time else time.perf_counter
    model = zoo.load(MODEL, "cpu")
    sets = [cifar10.load(split) for split in ("train", "test")]
    sizes = PICTURES if options.defaults else options.pictures, options.test
    train, test = ((x[:n].float().div(255), y[:n]) for (x, y), n in zip(sets, sizes, strict=True))
    value = {
        "machine": machine(train[0].device),
        "model": MODEL,
        "pictures": sizes[0],
        "test": options.test,
        "cpu_time": options.cpu_time,
    }
    if options.defaults:
        value["defaults"] = default_fits(model, train, test, now)
    else:
        value |= compared(model, train, test, now)
    if options.json:
        files.write_json(options.json, value)


def compared(model: nn.Module, train: tuple, test: tuple, now) -> dict:
    """Beside the floor, and beside ART where it is installed."""
    peer = installed("adversarial-robustness-toolbox") is not None
    if not peer:
        print("ART is not installed: see benchmarks/README.md", file=sys.stderr)
    value = {
        "floor": against_the_floor(model, *train, now),
        "perturbations": perturbations(model, train, test, now, peer),
        "patches": patches(model, train, test, now, peer),
    }
    print(f"uap: {value['floor']['ratio']:.2f} of its bare DeepFool passes (aim: at most 1.20)")
    for row in value["perturbations"] + value["patches"]:
        share = row.get("fooled", row.get("reached"))
        print(
            f"{row['name']:28} {100 * share:5.1f} %  {row['seconds']:7.1f} s  "
            f"{row['forward']:7,} forward  {row['backward']:7,} backward"
        )
    return value


if __name__ == "__main__":
    main()
