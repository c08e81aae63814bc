"""Time the attacks against their floor and against foolbox and torchattacks.

    python benchmarks/attacks.py
    python benchmarks/attacks.py --batch 1 128 --repeats 30 --json times.json

The floor of an attack is the model's share of it: as many bare forward passes and gradients with
respect to the input, of the cross-entropy, on the same batch. Contestants run once in every round,
in an order drawn by lot, and are compared within it, so that a busy machine slows all alike; what
is reported is the median over the rounds. See benchmarks/README.md for the peers' environment.
"""

import argparse
import platform
import sys
import time
from pathlib import Path
from statistics import median

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contestants import (
    EPS,
    L2_EPS,
    L2_STEP,
    STEP,
    STEPS,
    Case,
    Run,
    cases,
    contestants,
    installed,
    photographs,
)
from timing import Clock, clock, machine, race

from robust_core import files, zoo
from robust_core.devices import as_device

AIM_FLOOR, AIM_PEER = 1.10, 1.02
TOLERANCE = 1e-5
SECONDS, FEWEST, MOST = 20.0, 15, 200


def effect(
    run: Run, case: Case, model: torch.nn.Module, images: Tensor, labels: Tensor
) -> dict[str, float]:
    """Share of pictures that leave their class, and the largest change in the norm of the attack."""
    adversarial = run().detach()
    with torch.no_grad():
        success = (model(adversarial).argmax(1) != labels).double().mean().item()
    delta = (adversarial - images).double().flatten(1)
    order = 2 if case.ours.norm == "l2" else torch.inf
    return {"success": success, "distance": delta.norm(order, dim=1).max().item()}


def measure(
    case: Case,
    model: torch.nn.Module,
    images: Tensor,
    labels: Tensor,
    repeats: int | None,
    now: Clock,
) -> dict:
    """One row of the table."""
    runs = contestants(case, model, images, labels)
    for _ in range(2):
        turn = sum(clock(run, images.device, now) for run in runs.values())
    rounds = repeats or min(MOST, max(FEWEST, round(SECONDS / turn)))
    times = race(runs, images.device, rounds, now)
    others = [name for name in runs if name != "ours"]
    return {
        "attack": case.label,
        "batch": len(images),
        "rounds": len(times["ours"]),
        "ms": {name: 1000 * median(seconds) for name, seconds in times.items()},
        "ours_over": {
            name: median(a / b for a, b in zip(times["ours"], times[name], strict=True))
            for name in others
        },
        "effect": {
            name: effect(run, case, model, images, labels)
            for name, run in runs.items()
            if name != "floor"
        },
    }


def table(rows: list[dict]) -> str:
    """The rows for people."""
    head = (
        f"{'attack':<14}{'batch':>6}{'ours ms':>10}{'floor ms':>10}{'ours/floor':>12}"
        f"{'ours/foolbox':>14}{'ours/torchattacks':>19}   success and largest change "
        "(ours, foolbox, torchattacks)"
    )
    lines = [head, "-" * len(head)]
    for row in rows:
        over, ms = row["ours_over"], row["ms"]
        cells = [
            f"{over[k]:.3f}" if k in over else "-" for k in ("floor", "foolbox", "torchattacks")
        ]
        effects = [
            f"{e['success']:.3f} {e['distance']:.5f}" if e else "-"
            for e in (row["effect"].get(k) for k in ("ours", "foolbox", "torchattacks"))
        ]
        base = f"{ms['floor']:.2f}" if "floor" in ms else "-"
        lines.append(
            f"{row['attack']:<14}{row['batch']:>6}{ms['ours']:>10.2f}{base:>10}{cells[0]:>12}"
            f"{cells[1]:>14}{cells[2]:>19}   {', '.join(effects)}"
        )
    return "\n".join(lines)


def verdicts(rows: list[dict]) -> list[str]:
    """What misses its aim, and who does not use the same budget; empty if all is well."""
    lines = []
    for row in rows:
        where = f"{row['attack']} at batch {row['batch']}"
        over = dict(row["ours_over"])
        base = over.pop("floor", None)
        if base is None:  # noise never queries the model: no aim
            continue
        if row["batch"] == 128 and row["attack"] in ("fgsm", "bim", "pgd") and base > AIM_FLOOR:
            lines.append(f"{where}: {base:.3f} of the floor; the aim is {AIM_FLOOR:.2f}")
        if over and max(over.values()) > AIM_PEER:
            peer = max(over, key=over.__getitem__)
            lines.append(f"{where}: {over[peer]:.3f} of {peer}; the aim is {AIM_PEER:.2f}")
        own = row["effect"]["ours"]["distance"]
        lines += [
            f"{where}: {peer} changes {e['distance']:.6f}, ours {own:.6f}"
            for peer, e in row["effect"].items()
            if abs(e["distance"] - own) > TOLERANCE
        ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 128], metavar="N")
    parser.add_argument("--attack", nargs="+", help="only these rows (default: all)")
    parser.add_argument("--model", default="cifar10-resnet32", choices=zoo.bundled())
    parser.add_argument("--untrained", action="store_true", help="random weights: times only")
    parser.add_argument("--device", help="cpu, cuda, mps (default: cpu)", default="cpu")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument(
        "--repeats", type=int, help=f"rounds (default: what fits {SECONDS:.0f} s, {FEWEST}-{MOST})"
    )
    why = "processor time instead of wall time: on a busy machine, with --threads 1"
    parser.add_argument("--cpu-time", action="store_true", help=why)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    device = as_device(options.device)
    model = (
        zoo.ready(zoo.untrained(options.model), device)
        if options.untrained
        else zoo.load(options.model, device)
    )
    missing = [name for name in ("foolbox", "torchattacks") if not installed(name)]
    if missing:
        print(f"Without {', '.join(missing)}: see benchmarks/README.md to install.\n")
    now = time.process_time if options.cpu_time else time.perf_counter
    rows = []
    for batch in options.batch:
        images = photographs(batch, model.input_size).to(device)
        with torch.no_grad():
            labels = model(images).argmax(1)
        for case in cases():
            if options.attack is None or case.label in options.attack:
                rows.append(measure(case, model, images, labels, options.repeats, now))
                print(f"{case.label}, batch {batch}: done", file=sys.stderr)
    print(table(rows))
    print("\n".join(["", *(verdicts(rows) or ["No aim is missed by what was measured."])]))
    if options.json:
        report = {
            "command": " ".join(["python", "benchmarks/attacks.py", *sys.argv[1:]]),
            "model": options.model,
            "clock": "processor time" if options.cpu_time else "wall time",
            "settings": {
                "linf": {"eps": EPS, "step_size": STEP, "steps": STEPS},
                "l2": {"eps": L2_EPS, "step_size": L2_STEP, "steps": STEPS},
            },
            "machine": machine(device),
            "versions": {
                name: installed(name) for name in ("torch", "foolbox", "torchattacks", "eagerpy")
            }
            | {"python": platform.python_version()},
            "rows": rows,
        }
        options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
