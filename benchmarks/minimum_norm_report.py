"""Strength and speed of what benchmarks/minimum_norm.py measured: verdicts and table."""

import math
from dataclasses import dataclass
from statistics import median

from minimum_norm_contestants import Contestant
from torch import Tensor

POINTS, SHARE = 0.005, 0.02
AIM_FLOOR, AIM_FACTOR, FULL_BATCH = 1.2, 2.0, 128


@dataclass
class Outcome:
    """What a contestant did with n pictures.

    ``success`` bool ``[n]`` and ``distance`` float64 ``[n]`` in the norm of the attack; ``forwards``
    and ``backwards`` are pictures sent through the model; ``seconds`` one for each round, of the first
    ``timed`` pictures (0: all); ``batches`` what it was given.
    """

    contestant: Contestant
    success: Tensor
    distance: Tensor
    forwards: int
    backwards: int
    seconds: list[float]
    batches: list[tuple[Tensor, Tensor]]
    timed: int = 0

    @property
    def each(self) -> list[float]:
        """Seconds of a picture, one for each round."""
        return [seconds / (self.timed or len(self)) for seconds in self.seconds]

    def __len__(self) -> int:
        return len(self.success)


def duel(a: Outcome, b: Outcome) -> tuple[float, float, float, float]:
    """Success of both on the pictures that both had, and mean distance of both where both succeeded."""
    n = min(len(a), len(b))
    both = a.success[:n] & b.success[:n]
    rates = (o.success[:n].double().mean().item() for o in (a, b))
    means = (o.distance[:n][both].mean().item() for o in (a, b))  # NaN where there is none
    return (*rates, *means)


def no_weaker(a: Outcome, b: Outcome) -> bool:
    """Whether ``a`` succeeds as often as ``b``, within half a point, and as near, within 2 %."""
    rate_a, rate_b, mean_a, mean_b = duel(a, b)
    near = math.isnan(mean_a) or mean_a <= (1 + SHARE) * mean_b
    return rate_a >= rate_b - POINTS and near


def stronger(a: Outcome, b: Outcome) -> Outcome:
    """Whichever succeeds more often by half a point; else the nearer."""
    rate_a, rate_b, mean_a, mean_b = duel(a, b)
    if abs(rate_a - rate_b) > POINTS:
        return a if rate_a > rate_b else b
    return b if mean_b < mean_a else a


def verdict(peer: Outcome, ours: Outcome) -> str:
    """The peer's strength against ours: "weaker", "equal" or "stronger"; or "mixed".

    Mixed: each is the weaker by one of the two measures.
    """
    words = {(True, True): "equal", (True, False): "stronger", (False, True): "weaker"}
    return words.get((no_weaker(peer, ours), no_weaker(ours, peer)), "mixed")


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def entry(best: dict[str, Outcome], floor: list[float], passes: tuple[int, int]) -> dict:
    """The figures of one attack at one batch size, ready for JSON; times and passes per picture."""
    ours = best["ours"]
    floor = [seconds / (ours.timed or len(ours)) for seconds in floor]

    def over(each: list[float]) -> float:
        """Ours over theirs: median of the rounds, or of our median where they have only one."""
        if len(each) == len(ours.each):
            return median(a / b for a, b in zip(ours.each, each, strict=True))
        return median(ours.each) / median(each)

    rows = []
    for name, o in best.items():
        won = o.distance[o.success]
        common = duel(o, ours)
        rows.append(
            {
                "name": name,
                "setting": o.contestant.setting,
                "pictures": len(o),
                "rounds": len(o.seconds),
                "success": o.success.double().mean().item(),
                "median": _number(won.quantile(0.5).item()) if len(won) else None,
                "mean": _number(won.mean().item()),
                "mean_where_both": [_number(common[2]), _number(common[3])],
                "forwards": o.forwards / len(o),
                "backwards": o.backwards / len(o),
                "ms": 1000 * median(o.each),
                "ours_over": over(o.each),
                "strength": "ours" if name == "ours" else verdict(o, ours),
            }
        )
    return {
        "floor": {
            "forwards": passes[0] / len(ours),
            "backwards": passes[1] / len(ours),
            "ms": 1000 * median(floor),
            "ours_over": over(floor),
        },
        "contestants": rows,
    }


def table(rows: list[dict]) -> str:
    """The rows for people."""
    head = (
        f"{'':<40}{'n':>5}{'success':>9}{'median':>9}{'mean':>9}{'forward':>9}{'backward':>9}"
        f"{'ms':>9}{'ours over':>11}  strength"
    )
    lines = []
    for row in rows:
        title = f"{row['attack']}, batch {row['batch']}"
        lines += ["", title, head, "-" * len(head)]
        for c in row["contestants"]:
            label = f"{c['name']} ({c['setting']})" if c["setting"] else c["name"]
            norms = "".join(
                f"{'-' if c[k] is None else f'{c[k]:.5f}':>9}" for k in ("median", "mean")
            )
            ratio = "" if c["name"] == "ours" else f"{c['ours_over']:.3f}"
            lines.append(
                f"{label:<40}{c['pictures']:>5}{c['success']:>9.3f}{norms}{c['forwards']:>9.1f}"
                f"{c['backwards']:>9.1f}{c['ms']:>9.1f}{ratio:>11}  {c['strength']}"
            )
        f = row["floor"]
        lines.append(
            f"{'floor':<40}{row['pictures']:>5}{'':>27}{f['forwards']:>9.1f}{f['backwards']:>9.1f}"
            f"{f['ms']:>9.1f}{f['ours_over']:>11.3f}"
        )
    return "\n".join([*lines, "", "Passes and ms are per picture; norms are over successes."])


def missed(rows: list[dict]) -> list[str]:
    """What misses its aim; empty if all is well."""
    lines = []
    for row in rows:
        where = f"{row['attack']} at batch {row['batch']}"
        ours, *peers = row["contestants"]
        over = row["floor"]["ours_over"]
        if over > AIM_FLOOR:
            lines.append(f"{where}: {over:.2f} of the floor; above {AIM_FLOOR} it needs a reason")
        lines += [
            f"{where}: {p['name']} is {p['strength']}: success {p['success']:.3f} and "
            f"{ours['success']:.3f}, mean where both succeed "
            f"{' and '.join('-' if m is None else f'{m:.5f}' for m in p['mean_where_both'])}"
            for p in peers
            if p["strength"] in ("stronger", "mixed")
        ]
        equals = [p for p in peers if p["strength"] in ("stronger", "equal")]
        if not equals:
            continue
        peer = max(equals, key=lambda p: p["ours_over"])
        lines += _too_slow(where, ours, peer, row["batch"] >= FULL_BATCH)
    return lines


def _too_slow(where: str, ours: dict, peer: dict, full: bool) -> list[str]:
    """A line if the fastest equally strong peer is not left behind as far as it should be."""
    if peer["ours_over"] <= (1 / AIM_FACTOR if full else 1):
        return []
    return [
        f"{where}: {1 / peer['ours_over']:.2f} times as fast as {peer['name']} (aim: "
        f"{f'{AIM_FACTOR:g} times' if full else 'faster'}); passes a picture, forward and backward: "
        f"ours {ours['forwards']:.1f} and {ours['backwards']:.1f}, "
        f"{peer['name']} {peer['forwards']:.1f} and {peer['backwards']:.1f}"
    ]
