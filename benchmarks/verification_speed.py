"""How long verification takes, against the aims and against bound-propagation, in processor seconds."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from statistics import median

import torch
from timing import race
from torch import Tensor

from robust_core import verification, zoo
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.verification import plan
from robust_core.verification import crown, intervals, solver
from robust_core.verification.boxes import Ball
from robust_core.verification.expressions import written_out
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.milp import minimise
from robust_core.verification.models import compiled
from robust_core.verification.solving import Solve, lent

DIGITS, ROUNDS, EPS = 450, 7, 0.03
SOLVED, UNSTABLE = 12, (10, 20)
"""Pictures of a network at a radius whose programs are timed, each with so many unstable ReLUs."""
PHOTOS, PHOTO_EPS = 8, 2 / 255
AIMS = {
    "IBP, 450 digits": 0.05,
    "CROWN, 450 digits": 1.0,
    "MILP, a target": 0.5,
    "CROWN, a picture of CIFAR-10": 2.0,
}
"""Seconds; the median is meant."""


def measure(parts: list[str], peer: bool) -> dict:
    """Lines against the aims, then ratios to the peer's time where it is installed."""
    print(f"\n{'processor seconds':<34}{'n':>5}{'median':>10}{'largest':>10}{'aim':>8}")
    lines = [*digits(), targets()]
    if plan.CIFAR in parts:
        lines.append(photos())
    report: dict = {"lines": lines, "apart_over_here": apart_over_here()}
    if peer:
        report["over_peer"] = beside_the_peer(parts)
    return report


def line(name: str, about: str, seconds: list[float]) -> dict:
    """One line of the table, printed."""
    aim = AIMS[name]
    row = {"what": name, "about": about, "n": len(seconds), "median": median(seconds)}
    row |= {"largest": max(seconds), "aim": aim, "met": median(seconds) <= aim}
    missed = "" if row["met"] else "  MISSED"
    print(
        f"{name:<34}{len(seconds):>5}{row['median']:>10.4f}{row['largest']:>10.4f}{aim:>8}{missed}"
    )
    return row


def timed(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def digits() -> list[dict]:
    """The whole call of verify, without the attack: compiling, bounds, record."""
    model = zoo.load("digits-mlp", "cpu")
    images, labels = load_test_set("digits", model, DIGITS)
    runs = {
        method: lambda method=method: verification.verify(
            model, images, labels, EPS, method, attack=False
        )
        for method in ("ibp", "crown")
    }
    for run in runs.values():
        run()
    times = race(runs, torch.device("cpu"), ROUNDS, time.process_time)
    about = f"verify of {len(labels)} test digits, {model.name}, eps {EPS}, {ROUNDS} rounds"
    return [line(f"{name.upper()}, 450 digits", about, times[name]) for name in runs]


def programs(models: Iterable[str], most: int) -> Iterator[Callable[[Solve], object]]:
    """Each target of ``most`` pictures with few unstable ReLUs, of each network and radius; no limit."""
    for name in models:
        model = zoo.load(name, "cpu")
        images, labels = load_test_set("digits", model, 100)
        net = compiled(model, images)
        for eps in plan.PLAN[plan.DIGITS].eps:
            ball = Ball(images.double(), torch.full((len(images),), eps, dtype=torch.float64))
            with torch.no_grad():
                known = hidden_bounds(net, ball).known
            count = unstable(net, known)
            few = (count >= UNSTABLE[0]) & (count <= UNSTABLE[1])
            right = model(images).argmax(1) == labels
            for k in (few & right).nonzero().squeeze(1)[:most].tolist():
                program = written_out(net, [(low[k], high[k]) for low, high in known])
                low, high = ball.low[k].flatten(), ball.high[k].flatten()
                for rival in set(range(net.classes)) - {int(labels[k])}:
                    yield partial(minimise, program, low, high, int(labels[k]), rival, 600.0)


def targets() -> dict:
    """One program after the other, in this process, whose processor time can be told."""
    part = plan.PLAN[plan.DIGITS]
    seconds = [timed(partial(run, solver.solve)) for run in programs(part.models, SOLVED)]
    about = (
        f"of the first 100 test digits at most {SOLVED} with {UNSTABLE[0]} to {UNSTABLE[1]} unstable "
        f"ReLUs, nine targets each, {', '.join(part.models)}, eps {', '.join(map(str, part.eps))}"
    )
    return line("MILP, a target", about, seconds)


def apart_over_here() -> dict:
    """Programs solved in a process of their own, as ``verify`` does, over here: by the clock, in turn."""
    model = "digits-mlp"
    sums = {"apart": 0.0, "here": 0.0}
    count = 0
    with lent() as apart:
        for run in programs([model], 3):
            for name, solve in (("apart", apart), ("here", solver.solve)):
                started = time.perf_counter()
                run(solve)
                sums[name] += time.perf_counter() - started
            count += 1
    ratio = sums["apart"] / sums["here"]
    print(f"{'MILP, apart over here, the clock':<34}{count:>5}{ratio:>10.3f}")
    return {"model": model, "n": count, "ratio": ratio, "seconds_here": sums["here"] / count}


def unstable(net, known: list) -> Tensor:
    bounds = [known[k] for k in net.activations]
    return sum(((low < 0) & (high > 0)).flatten(1).sum(1) for low, high in bounds)  # type: ignore[return-value]


def photos() -> dict:
    """Pictures one by one, the whole call of verify without the attack."""
    seconds = []
    for name in plan.PLAN[plan.CIFAR].models:
        model = zoo.load(name, "cpu")
        images, labels = load_test_set("cifar10", model, PHOTOS)
        labels = model(images).argmax(1)  # of a wrong picture nothing is computed
        for k in range(len(labels)):
            one = slice(k, k + 1)
            call = (model, images[one], labels[one], PHOTO_EPS, "crown")
            seconds.append(timed(lambda call=call: verification.verify(*call, attack=False)))
    about = f"verify, picture by picture, {', '.join(plan.PLAN[plan.CIFAR].models)}, eps 2/255"
    return line("CROWN, a picture of CIFAR-10", about, seconds)


def beside_the_peer(parts: list[str]) -> list[dict]:
    """Bounds alone, of the same pictures, label by label; networks compiled before."""
    rows = [
        ratios("digits-mlp", "digits", DIGITS, EPS, ROUNDS),
        ratios("digits-mlp-ibp", "digits", DIGITS, 0.1, ROUNDS),
    ]
    if plan.CIFAR in parts:
        rows.append(ratios("cifar10-cnn-small-pgd-at", "cifar10", 1, PHOTO_EPS, 3))
    return rows


def ratios(name: str, data: str, count: int, eps: float, rounds: int) -> dict:
    """Ours over the peer's: the median of the rounds' ratios, of IBP and of CROWN."""
    import verification_peer as peer

    model = zoo.load(name, "cpu")
    images, labels = load_test_set(data, model, count)
    net, layers = compiled(model, images), peer.read_off(model)
    groups = []
    for label in labels.unique().tolist():
        own = labels == label
        ball = Ball(images[own].double(), torch.full((int(own.sum()),), eps, dtype=torch.float64))
        groups.append((ball, labels[own], peer.network(layers, label, True)))
    runs = {
        "ibp": lambda: [ours_ibp(net, ball, own) for ball, own, _ in groups],
        "crown": lambda: [ours_crown(net, ball, own) for ball, own, _ in groups],
        "its ibp": lambda: [peer.ibp(its, *box(ball)) for ball, _, its in groups],
        "its crown": lambda: [peer.crown(its, *box(ball)) for ball, _, its in groups],
    }
    for run in runs.values():
        run()
    with torch.no_grad():
        times = race(runs, torch.device("cpu"), rounds, time.process_time)
    row = {"model": name, "eps": eps, "n": len(labels), "rounds": rounds}
    row["seconds"] = {which: median(seconds) for which, seconds in times.items()}
    row["over_peer"] = {
        which: median(a / b for a, b in zip(times[which], times[f"its {which}"], strict=True))
        for which in ("ibp", "crown")
    }
    told = ", ".join(f"{which.upper()} {ratio:.2f}" for which, ratio in row["over_peer"].items())
    print(
        f"{name}, eps {eps:.3g}, n {len(labels)}: ours over bound-propagation's time: {told}",
        flush=True,
    )
    return row


def box(ball: Ball) -> tuple[Tensor, Tensor]:
    return ball.low.flatten(1), ball.high.flatten(1)


def ours_ibp(net, ball: Ball, labels: Tensor) -> Tensor:
    with torch.no_grad():
        return intervals.margins(net, ball, labels)


def ours_crown(net, ball: Ball, labels: Tensor) -> Tensor:
    with torch.no_grad():
        rivals = crown.Rivals.of(labels, net.classes, ball.centre)
        return hidden_bounds(net, ball).margins(net, ball, rivals)
