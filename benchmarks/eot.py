"""Time EOT against its floor: as many bare passes as it takes views.

    python benchmarks/eot.py --cpu-time

The floor of a step is ``draws`` forward passes and gradients of the cross-entropy on the same batch,
nothing drawn or transformed. Both run once in every round, in an order drawn by lot; reported is the
median ratio over the rounds.
"""

import argparse
import platform
import sys
import time
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contestants import floor, photographs
from timing import machine, race

from robust_core import attacks, files, zoo
from robust_core.attacks.physical.transformation import PRESETS

AIM = 1.1
DRAWS, STEPS = 30, 2


def measure(model: torch.nn.Module, transformation: str, batch: int, rounds: int, now) -> dict:
    """One row: seconds of both, and their ratio within each round."""
    images = photographs(batch, model.input_size)
    with torch.no_grad():
        labels = model(images).argmax(1)
    attack = attacks.create("eot", transformation=transformation, draws=DRAWS, steps=STEPS)
    runs = {
        "eot": lambda: attack(model, images, labels),
        "floor": floor(model, images, labels, DRAWS * STEPS),
    }
    for run in runs.values():
        run()
    times = race(runs, torch.device("cpu"), rounds, now)
    return {
        "transformation": transformation,
        "batch": batch,
        "rounds": rounds,
        "ms": {name: 1000 * median(seconds) for name, seconds in times.items()},
        "over_floor": median(a / b for a, b in zip(times["eot"], times["floor"], strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="cifar10-resnet32", choices=zoo.bundled())
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 16], metavar="N")
    parser.add_argument(
        "--transformation", nargs="+", default=["views", "rotation", "photo"], choices=list(PRESETS)
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--cpu-time", action="store_true", help="processor time instead of wall time"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    now = time.process_time if options.cpu_time else time.perf_counter
    model = zoo.load(options.model, "cpu")
    print(f"EOT of {DRAWS} draws, {STEPS} steps, on {options.model}; aim for views: {AIM}")
    rows = []
    for transformation in options.transformation:
        for batch in options.batch:
            row = measure(model, transformation, batch, options.rounds, now)
            rows.append(row)
            print(
                f"{transformation:<10}{batch:>4}{row['ms']['eot']:>10.0f} ms"
                f"{row['ms']['floor']:>10.0f} ms{row['over_floor']:>8.3f}",
                flush=True,
            )
    if options.json:
        report = {
            "command": " ".join(["python", "benchmarks/eot.py", *sys.argv[1:]]),
            "model": options.model,
            "clock": "processor time" if options.cpu_time else "wall time",
            "draws": DRAWS,
            "steps": STEPS,
            "machine": machine(torch.device("cpu")),
            "versions": {"torch": torch.__version__, "python": platform.python_version()},
            "rows": rows,
        }
        options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
