"""Measure choices that the attacks made, each beside the way that was not taken: distance against passes.

    python benchmarks/choices.py --threads 1 --json FILE      # keeps the rows that FILE has
    python benchmarks/choices.py --only third --pictures 64

On the first pictures of CIFAR-10 that each network gets right. ``third`` is the third part of ``auto``:
what DeepFool and FMN find within eps in Linf alone, and of the pictures that withstand the parts before.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from minimum_norm import MODEL, pictures
from timing import machine

from robust_core import attacks, files, zoo
from robust_core.attacks.deepfool import DeepFoolLinf

MODELS = (MODEL, f"{MODEL}-pgd-at")
OTHER_WAYS: dict[str, tuple[dict, ...]] = {
    "cw-l2": ({"abort_early": True}, {"steps": 48}, {"steps": 50}, {"search_steps": 2}),
    "ddn": ({"initial_norm": 1.0},),
    "fmn-l0": ({"step_size": 1.0},),
    "hopskipjump": ({"gamma": 1.0},),
    "hopskipjump-linf": ({"gamma": 1.0},),
    "simba": ({"both_ways": True},),
    "simba-dct": ({"both_ways": True},),
}
"""Attacks with their defaults, and other values of their fields."""
THIRD = "third"
EPS = 8 / 255
BATCH = 64


@dataclass(frozen=True)
class Way:
    """Another way beside the default, as ratios: forward passes, and mean distances where both succeed.

    Distances are in the norm of the attack; L0 counts pixels.
    """

    model: str
    attack: str
    changed: str
    n: int
    success: float
    success_of_default: float
    distance_ratio: float
    passes_ratio: float


@dataclass(frozen=True)
class Third:
    """What an attack finds within eps in Linf: ``alone`` of ``n`` pictures that the model gets right, and
    ``after`` of the ``left`` that withstand the first two parts. ``passes`` of one picture, forward."""

    model: str
    attack: str
    eps: float
    n: int
    alone: int
    left: int
    after: int
    passes: float


def ways(name: str, model_name: str, options: argparse.Namespace) -> list[Way]:
    """Each other way of an attack on a model."""
    model = zoo.load(model_name, "cpu")
    images, labels, _ = pictures(model, options.pictures or 16, options.data)
    usual = attacks.create(name)
    base = usual.run(model, images, labels)
    found = []
    for values in OTHER_WAYS[name]:
        other = attacks.create(name, **values).run(model, images, labels)
        both = base.success & other.success
        a, b = (getattr(each, usual.norm)[both].double().mean() for each in (other, base))
        passes = [each.queries_forward.double().mean() for each in (other, base)]
        found.append(
            Way(
                model=model_name,
                attack=name,
                changed=", ".join(f"{key} {value}" for key, value in values.items()),
                n=len(labels),
                success=other.success.double().mean().item(),
                success_of_default=base.success.double().mean().item(),
                distance_ratio=(a / b).item(),
                passes_ratio=(passes[0] / passes[1]).item(),
            )
        )
    return found


def third(model_name: str, options: argparse.Namespace) -> list[Third]:
    """DeepFool and FMN in the third place of ``auto``."""
    model = zoo.load(model_name, "cpu")
    images, labels, _ = pictures(model, options.pictures or 128, options.data)
    first, second, *_ = attacks.create("auto", eps=EPS).parts
    stands = torch.ones(len(labels), dtype=torch.bool)
    for part in (first, second):
        rows = stands.nonzero().squeeze(1)
        for some in rows.split(BATCH):
            stands[some] &= ~part.run(model, images[some], labels[some]).success
    found = []
    for attack in (DeepFoolLinf(), attacks.create("fmn-linf")):
        records = [
            attack.run(model, x, y)
            for x, y in zip(images.split(BATCH), labels.split(BATCH), strict=True)
        ]
        inside = torch.cat([r.success & (r.linf <= EPS * (1 + 1e-6)) for r in records])
        passes = torch.cat([r.queries_forward for r in records]).double().mean().item()
        found.append(
            Third(
                model=model_name,
                attack=attack.name,
                eps=EPS,
                n=len(labels),
                alone=int(inside.sum()),
                left=int(stands.sum()),
                after=int((inside & stands).sum()),
                passes=passes,
            )
        )
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = [*OTHER_WAYS, THIRD]
    parser.add_argument("--only", nargs="+", choices=known, default=known)
    parser.add_argument("--pictures", type=int, help="how many (default: 16; third: 128)")
    parser.add_argument("--data", type=Path, help="folder of CIFAR-10 (default: the data folder)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures in FILE")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    report = {"machine": machine(torch.device("cpu")), "ways": [], "third": []}
    if options.json and options.json.exists():
        report |= json.loads(options.json.read_text(encoding="utf-8"))
    for name in options.only:
        models = MODELS[1:] if name == THIRD else MODELS
        for model in models:
            made = third(model, options) if name == THIRD else ways(name, model, options)
            key = THIRD if name == THIRD else "ways"
            new = [asdict(each) for each in made]
            about = {(each["model"], each["attack"]) for each in new}
            kept = [each for each in report[key] if (each["model"], each["attack"]) not in about]
            report[key] = [*kept, *new]
            for each in new:
                print(each, flush=True)
            if options.json:
                options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
