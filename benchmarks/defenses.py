"""What each defence costs above the bare model, and how its filters and certificates compare with ART's.

    python benchmarks/defenses.py
    python benchmarks/defenses.py --batch 1 128 --repeats 30 --json defences.json

The floor of a prediction is as many bare forward passes as the defence takes votes; that of an adaptive
gradient as many bare gradients as it averages draws. Contestants run once in every round, in an order drawn
by lot; what is reported is the median of the rounds' ratios. See benchmarks/README.md for the
environment of the peers.
"""

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import defense_peers as peers
from contestants import photographs
from timing import machine, race

from robust_core import defenses, files, zoo
from robust_core.classifier import Classifier
from robust_core.defenses import Defended
from robust_core.defenses.noisy import GUESSES, Noisy

SUBJECTS = (
    ("jpeg", {}),
    ("bit-depth", {}),
    ("median", {"width": 3}),
    ("tv", {}),
    ("random-resize-pad", {}),
    ("pgd-at", {}),
    ("smoothing", {"n": 100}),
)
VOTES = ((0, 100), (50, 100), (51, 100), (99, 100), (100, 100), (9_000, 10_000), (10_000, 10_000))
"""Votes for the winner, and all votes, at which the bounds are compared."""


def forward(model: nn.Module, images: Tensor, passes: int = 1) -> Tensor:
    """``passes`` bare predictions, of which the last is returned."""
    with torch.no_grad():
        for _ in range(passes):
            logits = model(images)
    return logits


def gradient(model: nn.Module, images: Tensor, labels: Tensor, passes: int = 1) -> Tensor:
    """``passes`` gradients of the cross-entropy, of which the last is returned."""
    for _ in range(passes):
        x = images.detach().requires_grad_()
        (found,) = torch.autograd.grad(F.cross_entropy(model(x), labels, reduction="sum"), x)
    return found


def draws_of(defended: Defended) -> tuple[int, int]:
    """Passes of a prediction and of an adaptive gradient."""
    settings = defended.defense.parameters
    votes = settings["n"] if isinstance(defended.defense, Noisy) else 1
    return votes, settings.get("draws", 1)


def measure(
    name: str, options: dict, model: Classifier, images: Tensor, labels: Tensor, repeats: int
) -> dict:
    """One row of the table of costs."""
    defense = defenses.create(name, **options)
    defended = defense(model)
    votes, draws = draws_of(defended)
    base = defended.base
    runs = {
        "floor": lambda: forward(base, images, votes),
        "defended": lambda: forward(defended, images),
        "gradients": lambda: gradient(base, images, labels, draws),
        "adaptive": lambda: gradient(defended.adaptive, images, labels),
    }
    row = {"defense": name, "parameters": defense.parameters, "batch": len(images)}
    peer = peers.filter_like(defense)
    if peer is not None:
        runs |= {"ours": lambda: defense.seen(images), "art": lambda: peer(images)}
        ours, theirs = defense.seen(images), peer(images)
        row["largest_difference"] = (ours - theirs).abs().max().item()
        same = forward(model, ours).argmax(1) == forward(model, theirs).argmax(1)
        row["same_answers"] = int(same.sum())
    times = race(runs, images.device, repeats)
    row |= {"votes": votes, "draws": draws}
    row["prediction"] = ratio(times, "defended", "floor")
    row["adaptive_gradient"] = ratio(times, "adaptive", "gradients")
    row["filter_against_art"] = ratio(times, "ours", "art") if peer else None
    row["ms"] = {run: 1000 * median(found) for run, found in times.items()}
    return row


def ratio(times: dict[str, list[float]], above: str, below: str) -> float:
    """The median of the rounds' ratios."""
    return median(a / b for a, b in zip(times[above], times[below], strict=True))


def certificates(model: Classifier, images: Tensor, draws: int, repeats: int) -> dict:
    """Bounds of the same votes by both, then certificates of the same pictures by both."""
    defense = defenses.create("smoothing", n=draws)
    defended = defense(model)
    base, shape = defended.base, tuple(images.shape[1:])
    art = peers.certifier(base, shape, len(base.class_names), defense.sigma, defense.alpha, GUESSES)
    from robust_core.certify.binomial import lower

    gaps = [abs(lower(k, n, defense.alpha) - peers.lower_bound(art, k, n)) for k, n in VOTES]
    ours = [defense.certificate(base, image) for image in images.split(1)]
    labels, radii = peers.certify(art, images, draws, 256)
    named = [one.label if one.label is not None else -1 for one in ours]
    times = race(
        {
            "floor": lambda: forward(base, images[:1].expand(256, -1, -1, -1), draws // 256),
            "ours": lambda: defense.certificate(base, images[:1]),
            "art": lambda: peers.certify(art, images[:1], draws, 256),
        },
        images.device,
        repeats,
    )
    return {
        "n": len(images),
        "draws": draws,
        "sigma": defense.sigma,
        "alpha": defense.alpha,
        "network": base.name,
        "largest_gap_of_bounds": max(gaps),
        "same_class": sum(a == b for a, b in zip(named, labels, strict=True)),
        "mean_radius": sum(one.radius for one in ours) / len(ours),
        "mean_radius_art": radii.mean().item(),
        "against_floor": ratio(times, "ours", "floor"),
        "against_art": ratio(times, "ours", "art"),
    }


def table(rows: list[dict]) -> str:
    """The costs in Markdown."""
    lines = [
        "| defence | batch | prediction / floor | adaptive gradient / floor | filter / ART's "
        "| largest difference | same answers |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        votes = f" ({row['votes']} votes)" if row["votes"] > 1 else ""
        draws = f" ({row['draws']} draws)" if row["draws"] > 1 else ""
        against = row["filter_against_art"]
        theirs = (
            f"{against:.2f} | {row['largest_difference']:.1e} | {row['same_answers']} of {row['batch']}"
            if against is not None
            else "- | - | -"
        )
        lines.append(
            f"| {row['defense']} | {row['batch']} | {row['prediction']:.2f}{votes} "
            f"| {row['adaptive_gradient']:.2f}{draws} | {theirs} |"
        )
    return "\n".join(lines)


def sentence(found: dict) -> str:
    """The comparison of the certificates."""
    return (
        f"Smoothing of {found['network']} (sigma {found['sigma']:g}, alpha {found['alpha']:g}, "
        f"{found['draws']:,} draws): bounds of the same votes differ by "
        f"{found['largest_gap_of_bounds']:.1e} at most; same class for {found['same_class']} of "
        f"{found['n']} pictures; mean radius {found['mean_radius']:.3f} (ART "
        f"{found['mean_radius_art']:.3f}); {found['against_floor']:.2f} of the floor, "
        f"{found['against_art']:.2f} of ART's time."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cifar10-resnet32")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--draws", type=int, default=1024, help="votes of a certificate")
    parser.add_argument("--pictures", type=int, default=16, help="pictures that are certified")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    model = zoo.load(args.model, "cpu")
    pictures = photographs(max(*args.batch, args.pictures), model.input_size)
    # Whole levels, as a file has them: ART truncates others.
    pictures = pictures.mul(255).round().div(255)
    labels = forward(model, pictures).argmax(1)
    rows = [
        measure(name, options, model, pictures[:batch], labels[:batch], args.repeats)
        for batch in args.batch
        for name, options in SUBJECTS
        if not {"n"} & {spec.name for spec in fields(defenses.get(name))}
        or batch == min(args.batch)
    ]
    print(table(rows))
    absent = peers.missing()
    found = None
    if absent:
        print(f"\nNot compared with ART: {', '.join(absent)} not installed.")
    else:
        found = certificates(model, pictures[: args.pictures], args.draws, 3)
        print(f"\n{sentence(found)}")
    if args.json:
        report = {"machine": machine(torch.device("cpu")), "costs": rows, "certificates": found}
        args.json.write_text(files.json_text(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
