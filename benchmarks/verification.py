"""Verification against bound-propagation, against the clock, and against our own attacks.

    python benchmarks/verification.py --json FILE      # about 20 minutes
    python benchmarks/verification.py --only speed     # parts: oracle, speed, search; FILE keeps the others

- **oracle**: IBP and CROWN bounds beside those of bound-propagation, where it is installed (an
  environment of its own: README.md): equal within 1e-4; how often intersected intervals help, and
  that they never harm.
- **speed**: processor seconds against the aims; and ours over the peer's, in one run, drawn by lot.
- **search**: pictures that are proved, attacked by all that there is, for so many ``--minutes``.
"""

import argparse
import copy
import importlib.metadata
import importlib.util
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import verification_search
import verification_speed
from timing import machine

from robust_core import files, zoo
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.verification import plan
from robust_core.verification import crown, intervals
from robust_core.verification.boxes import Ball
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.models import compiled

TOLERANCE, TINY = 1e-4, 1e-9
PARTS = ("oracle", "speed", "search")
PICTURES = {plan.DIGITS: 100, plan.CIFAR: 4}
"""The peer has no convolutions and bounds each neuron of a layer by a matrix: 5 s a picture of CIFAR-10."""


@dataclass
class Row:
    """One network at one radius: our lower bounds of the margins and the peer's, in logits.

    ``ibp`` and ``alone``, CROWN without IBP's intervals of hidden neurons, are largest differences. With
    them, ``ahead`` and ``behind`` say how far ours are above and below the peer's, at most: ours begin
    with intervals of layers that are tightened already. ``tighter`` and ``looser`` are the shares of
    margins for which ``verify`` gives more, and less, than CROWN alone; ``lost`` counts the pictures that
    only the latter proves.
    """

    model: str
    eps: float
    pictures: int
    ibp: float
    alone: float
    ahead: float
    behind: float
    tighter: float
    looser: float
    lost: int

    @property
    def agrees(self) -> bool:
        return max(self.ibp, self.alone, self.behind) <= TOLERANCE and not (
            self.looser or self.lost
        )


def oracle(parts: list[str]) -> list[Row]:
    """All networks of the suite, each at its radii, on the first test pictures."""
    import verification_peer as peer

    rows = []
    heads = ("IBP", "alone", "ahead", "behind", "tighter", "looser", "lost")
    print(f"\n{'differences of margins':<34}{'n':>5}" + "".join(f"{head:>9}" for head in heads))
    for part in parts:
        for name in plan.PLAN[part].models:
            model = zoo.load(name, "cpu")
            images, labels = load_test_set(plan.PLAN[part].data, model, PICTURES[part])
            layers = peer.read_off(model)
            for eps in plan.PLAN[part].eps:
                row = compared(peer, model, layers, images, labels, eps)
                rows.append(row)
                print(
                    f"{name:<26}{eps:<8.4f}{row.pictures:>5}{row.ibp:>9.1e}{row.alone:>9.1e}"
                    f"{row.ahead:>9.1e}{row.behind:>9.1e}{row.tighter:>9.1%}{row.looser:>9.1%}{row.lost:>9}"
                    f"{'' if row.agrees else '  DIFFERS'}",
                    flush=True,
                )
    return rows


def compared(peer, model, layers, images: Tensor, labels: Tensor, eps: float) -> Row:
    """Ours and the peer's, label by label, as it has one last layer for a call."""
    ours: dict[str, list[Tensor]] = {"ibp": [], "crown": [], "alone": []}
    theirs: dict[str, list[Tensor]] = {"ibp": [], "crown": [], "alone": []}
    net = compiled(copy.deepcopy(model).double(), images)  # also its normalisation in float64
    for label in labels.unique().tolist():
        own = labels == label
        ball = Ball(images[own].double(), torch.full((int(own.sum()),), eps, dtype=torch.float64))
        low, high = ball.low.flatten(1), ball.high.flatten(1)
        for name, found in bounds(net, ball, labels[own]).items():
            ours[name].append(found)
        joined, alone = (peer.network(layers, label, intersected) for intersected in (True, False))
        theirs["ibp"].append(peer.ibp(joined, low, high))
        theirs["crown"].append(peer.crown(joined, low, high))
        theirs["alone"].append(peer.crown(alone, low, high))
    whole = {name: torch.cat(found) for name, found in ours.items()}
    over = {name: whole[name] - torch.cat(theirs[name]) for name in whole}
    verified = torch.maximum(whole["ibp"], whole["crown"])  # as verify does
    more = verified - whole["alone"]
    lost = (whole["alone"] > 0).all(1) & ~(verified > 0).all(1)
    return Row(
        model=model.name,
        eps=eps,
        pictures=len(labels),
        ibp=over["ibp"].abs().max().item(),
        alone=over["alone"].abs().max().item(),
        ahead=over["crown"].max().clamp(min=0).item(),
        behind=(-over["crown"]).max().clamp(min=0).item(),
        tighter=(more > TINY).double().mean().item(),
        looser=(more < -TINY).double().mean().item(),
        lost=int(lost.sum()),
    )


def bounds(net, ball: Ball, labels: Tensor) -> dict[str, Tensor]:
    """Our lower bounds of the margins against the other classes ``[N, K - 1]``, before rounding."""
    rivals = crown.Rivals.of(labels, net.classes, ball.centre)
    with torch.no_grad():
        table = intervals.margins(net, ball, labels)
        found = {"ibp": table[rivals.pictures, rivals.classes]}
        for name, intersected in (("crown", True), ("alone", False)):
            hidden = hidden_bounds(net, ball, intersected=intersected)
            found[name] = hidden.margins(net, ball, rivals)
    return {name: values.view(len(labels), -1) for name, values in found.items()}


def present() -> list[str]:
    """The parts of the suite whose pictures are there."""
    found = []
    for part in plan.PARTS:
        try:
            load_test_set(plan.PLAN[part].data, zoo.load(plan.PLAN[part].models[0], "cpu"), 1)
        except (OSError, ValueError) as error:
            print(f"{part} is left out: {error}")
        else:
            found.append(part)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument("--minutes", type=float, default=10, help="processor time of the search")
    parser.add_argument("--seed", type=int, default=0, help="of the search")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peer = importlib.util.find_spec("bound_propagation") is not None
    parts = present()
    begun = time.process_time()
    report = {}
    if "oracle" in options.only and peer:
        report["oracle"] = [asdict(row) for row in oracle(parts)]
    elif "oracle" in options.only:
        print("bound-propagation is not installed: see README.md")
    if "speed" in options.only:
        report["speed"] = verification_speed.measure(parts, peer)
    if "search" in options.only:
        report["search"] = verification_search.search(parts, options.minutes, options.seed)
    print(f"\n{time.process_time() - begun:.0f} s of processor time")
    if options.json:
        write(options.json, report, peer)


def write(path: Path, report: dict, peer: bool) -> None:
    """The parts that were run, beside what the file has of the others."""
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    if peer:
        versions["bound-propagation"] = importlib.metadata.version("bound-propagation")
    about = {
        "command": "python benchmarks/verification.py",
        "clock": "processor time",
        "machine": machine(torch.device("cpu")),
        "versions": versions,
    }
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(files.json_text({**kept, **about, **report}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
