"""Compare attacks that look for the nearest picture with five libraries: strength, passes, time, floor.

    python benchmarks/minimum_norm.py --threads 1
    python benchmarks/minimum_norm.py --quick --attack deepfool --batch 8

Every contestant gets the same model object, pictures and budget. First each one runs once: how
strong it is, and how many pictures it sends forward and backward. The stronger setting of each then
runs in rounds, in an order drawn by lot. See benchmarks/README.md for the words and the peers'
environment.
"""

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict
from functools import reduce
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contestants import installed, photographs, prepare
from minimum_norm_contestants import Contestant, Counted
from minimum_norm_peers import PACKAGES, contestants
from minimum_norm_report import Outcome, entry, missed, stronger, table
from minimum_norm_walks import MAKERS, next_class, ours_of, run_ours
from timing import Clock, Run, clock, machine, race

from robust_core import attacks, files, zoo
from robust_core.data import cifar10
from robust_core.devices import as_device
from robust_core.distances import UNCHANGED
from robust_core.goals import Targeted

MODEL = "cifar10-resnet32"
ATTACKS = ("deepfool", "deepfool-linf", "cw-l2", "cw-linf", *MAKERS)
LENGTHS = {"l1": 1, "l2": 2, "linf": torch.inf}
FEW = 16


def pictures(model: torch.nn.Module, count: int, root: Path | None) -> tuple[Tensor, Tensor, str]:
    """Pictures ``[count, 3, 32, 32]`` that the model gets right, their labels, and what they are.

    Crops of photographs, with the model's own predictions as labels, where CIFAR-10 is not to be
    found. Raises ``ValueError`` where ``root`` is given and it is not there.
    """
    if root is None and not cifar10.available():
        images = photographs(count, model.input_size)
        with torch.no_grad():
            return images, model(images).argmax(1), "crops of scikit-image's photographs"
    pixels, labels = cifar10.load("test", root)
    pixels, labels = pixels[: 2 * count + 10], labels[: 2 * count + 10]
    images = pixels.float().div_(255)
    with torch.no_grad():
        right = (model(images).argmax(1) == labels).nonzero().squeeze(1)[:count]
    return images[right], labels[right], "first correctly classified of the CIFAR-10 test set"


def floor(
    ours: attacks.Attack, model: torch.nn.Module, batches: list[tuple[Tensor, Tensor]]
) -> Run:
    """The bare passes of the pictures that were still under attack, step for step.

    At each step one forward and one backward pass of those pictures (JSMA: two). DeepFool: one forward pass
    and one backward pass for each boundary, and one last forward pass of all at once, which finds the goal
    reached.
    """
    deepfool = isinstance(ours, attacks.DeepFool)
    plans = []
    for images, labels in batches:
        if ours.name == "jsma":
            steps = ours.run(model, images, next_class(model, labels), Targeted()).iterations
        else:
            steps = ours.run(model, images, labels).iterations
        plans.append([images[steps > t] for t in range(int(steps.max()))])
        if deepfool:
            plans[-1].append(images[steps < ours.steps])

    def bare(x: Tensor, last: bool) -> None:
        if deepfool and last:
            with torch.no_grad():
                model(x)
            return
        x = x.detach().requires_grad_()
        logits = model(x)
        ways = min(ours.candidates, logits.shape[1]) - 1 if deepfool else 1 + (ours.name == "jsma")
        slope = torch.ones_like(logits)
        for way in range(ways):
            torch.autograd.grad(logits, x, slope, retain_graph=way + 1 < ways)

    def run() -> None:
        for plan in plans:
            for i, x in enumerate(plan):
                bare(x, last=i + 1 == len(plan))

    return run


def attack_all(contestant: Contestant, batches: list[tuple[Tensor, Tensor]]) -> Tensor:
    """The adversarial pictures ``[N, C, H, W]`` of all batches."""
    return torch.cat([contestant.perturb(x, y).detach() for x, y in batches])


def survey(
    contestant: Contestant,
    counted: Counted,
    batches: list[tuple[Tensor, Tensor]],
    norm: str,
    most: int | None = None,
) -> Outcome:
    """One run on at most ``most`` pictures: success by a fresh pass, distances, passes, seconds."""
    most = min(n for n in (most, contestant.most, sum(len(y) for _, y in batches)) if n)
    images, labels = (torch.cat(part)[:most] for part in zip(*batches, strict=True))
    size = len(batches[0][0])
    own = list(zip(images.split(size), labels.split(size), strict=True))
    kept: list[Tensor] = []
    counted.restart()
    seconds = clock(lambda: kept.append(attack_all(contestant, own)), images.device)
    forwards, backwards = counted.forwards, counted.backwards
    with torch.no_grad():
        success = counted(kept[0]).argmax(1) != labels
    change = (kept[0] - images).double().flatten(1)
    if norm == "l0":
        distance = (change.abs() > UNCHANGED).sum(1).double()
    else:
        distance = change.norm(LENGTHS[norm], dim=1)
    print(f"{contestant.label}, {most} pictures: {seconds:.1f} s", file=sys.stderr)
    return Outcome(contestant, success, distance, forwards, backwards, [seconds], own)


def strongest(
    settings: list[Contestant], counted: Counted, batches: list[tuple[Tensor, Tensor]], norm: str
) -> Outcome:
    """The run of the best setting of a contestant, which is chosen on few pictures."""
    if len(settings) == 1:
        return survey(settings[0], counted, batches, norm)
    tried = [survey(setting, counted, batches, norm, most=FEW) for setting in settings]
    best = reduce(stronger, tried)
    if len(best) == FEW < sum(len(y) for _, y in batches):
        best = survey(best.contestant, counted, batches, norm)
    return best


def first(batches: list[tuple[Tensor, Tensor]], count: int) -> list[tuple[Tensor, Tensor]]:
    """The first ``count`` pictures, in batches as before."""
    kept = []
    for x, y in batches:
        kept.append((x[:count], y[:count]))
        count -= len(kept[-1][1])
        if not count:
            break
    return kept


def compare(
    ours: attacks.Attack,
    counted: Counted,
    batches: list[tuple[Tensor, Tensor]],
    options: argparse.Namespace,
) -> dict:
    """One attack at one batch size: everybody's strength and passes, and their time on the first few."""
    field: dict[str, list[Contestant]] = {}
    field["ours"] = [Contestant("ours", run_ours(ours, counted))]
    for peer in contestants(ours, counted):
        if not (peer.slow and options.quick):
            field.setdefault(peer.name, []).append(peer)
    best = {
        name: strongest(settings, counted, batches, ours.norm) for name, settings in field.items()
    }
    bare = floor(ours, counted, batches)
    counted.restart()
    bare()
    passes = (counted.forwards, counted.backwards)
    timed = min(options.timed or len(best["ours"]), len(best["ours"]))
    few = first(batches, timed)
    runs: dict[str, Run] = {
        "floor": bare if timed == len(best["ours"]) else floor(ours, counted, few)
    }
    for name, outcome in best.items():
        if not outcome.contestant.slow:
            outcome.timed = min(timed, len(outcome))
            own = first(outcome.batches, outcome.timed)
            runs[name] = lambda o=outcome, own=own: attack_all(o.contestant, own)
    times = race(runs, batches[0][0].device, options.rounds, now_of(options))
    for name, outcome in best.items():
        outcome.seconds = times.get(name, outcome.seconds)
    return {
        "attack": ours.name,
        "norm": ours.norm,
        "batch": len(batches[0][0]),
        "pictures": len(best["ours"]),
        "timed": timed,
        "rounds": options.rounds,
        "clock": clock_of(options),
        "parameters": asdict(ours),
        **entry(best, times["floor"], passes),
    }


def clock_of(options: argparse.Namespace) -> str:
    return "CPU" if options.cpu_time else "wall"


def now_of(options: argparse.Namespace) -> Clock:
    return time.process_time if options.cpu_time else time.perf_counter


def begun(path: Path | None, head: dict) -> dict:
    """The report with the rows that ``path`` holds already of this model."""
    kept = []
    if path is not None and path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["model"] != head["model"]:
            raise SystemExit(f"{path} is about {before['model']}: give another --json")
        kept = [{"cpu": before["machine"]["cpu"], **row} for row in before["rows"]]
    return {**head, "rows": kept}


def put(report: dict, row: dict) -> None:
    """Add a row in the place of an older one of the same attack and batch; by batch, then by attack."""
    about = lambda each: (each["batch"], ATTACKS.index(each["attack"]))  # noqa: E731
    others = [each for each in report["rows"] if about(each) != about(row)]
    report["rows"] = sorted([*others, row], key=about)


def there(report: dict, name: str, batch: int, count: int, options: argparse.Namespace) -> bool:
    """Whether there is such a row already, of the attack as it is now and by as many rounds."""
    about = {"attack": name, "batch": batch, "pictures": count, "clock": clock_of(options)}
    about["parameters"] = asdict(ours_of(name))
    return any(
        {**row, **about} == row and row.get("rounds", 0) >= options.rounds for row in report["rows"]
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--attack", nargs="+", choices=ATTACKS, default=ATTACKS)
    parser.add_argument("--model", default=MODEL, help=f"of CIFAR-10 (default: {MODEL})")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 128], metavar="N")
    parser.add_argument(
        "--pictures", type=int, help=f"how many (default: one batch, at least {FEW})"
    )
    parser.add_argument("--data", type=Path, help="folder of CIFAR-10 (default: the data folder)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda (default: cpu)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timed", type=int, metavar="N", help="time the first N pictures alone")
    parser.add_argument("--cpu-time", action="store_true", help="CPU seconds: for a busy machine")
    parser.add_argument(
        "--quick", action="store_true", help=f"one round, {FEW} pictures, without the slowest"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep the figures in FILE, in place of older ones"
    )
    parser.add_argument(
        "--resume", action="store_true", help="leave out the rows that FILE has of these settings"
    )
    options = parser.parse_args()
    if min(*options.batch, options.rounds, options.pictures or 1, options.timed or 1) < 1:
        parser.error("--batch, --pictures, --timed and --rounds must be at least 1")
    if options.quick:
        options.rounds, options.pictures = 1, options.pictures or FEW
    return options


def main() -> None:
    options = arguments()
    prepare(options.threads)
    device = as_device(options.device)
    model = zoo.load(options.model, device)
    counted = Counted(model).eval()
    missing = [name for name, package in PACKAGES.items() if not installed(package)]
    if missing:
        print(f"Without {', '.join(missing)}: see benchmarks/README.md to install.\n")
    head = {
        "model": options.model,
        "machine": machine(device),
        "versions": {name: installed(name) for name in ("torch", *PACKAGES.values())}
        | {"python": platform.python_version()},
    }
    report = begun(options.json, head)
    made = []
    for batch in options.batch:
        count = options.pictures or max(batch, FEW)
        images, labels, report["data"] = pictures(
            zoo.load(options.model, "cpu"), count, options.data
        )
        images, labels = images.to(device), labels.to(device)
        batches = list(zip(images.split(batch), labels.split(batch), strict=True))
        for name in options.attack:
            if options.resume and there(report, name, batch, count, options):
                continue
            print(f"{name}, batch {batch}", file=sys.stderr)
            row = compare(ours_of(name), counted, batches, options)
            made.append({"cpu": head["machine"]["cpu"], **row})
            put(report, made[-1])
            if options.json:  # after every row: a run takes long
                options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")
    print(table(made))
    print("\n".join(["", *(missed(made) or ["No aim is missed by what was measured."])]))


if __name__ == "__main__":
    main()
