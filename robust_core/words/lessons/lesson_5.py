"""Lesson 5: proof and its price; live bounds, and the committed results of the solver and of smoothing."""

from functools import lru_cache

from robust_core import attacks, verification, zoo
from robust_core.evaluation.defense_table import results as defense_table
from robust_core.evaluation.defense_table.rows import CERTIFIED
from robust_core.evaluation.verification import plan, results
from robust_core.evaluation.verification.measure import Row
from robust_core.progress import Progress
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG, Verification
from robust_core.words.lessons import subjects
from robust_core.words.lessons.prose import Part, steps
from robust_core.words.lessons.step import Bar, Bars, Control, Found, Onward
from robust_core.words.numbers import number, share

N = 100
SMALL, LARGE = 0.02, 0.1
"""The eps at which bounds still prove some, and the one at which they prove hardly any."""
EPS = {eps: f"{eps:g}" for eps in (0.01, SMALL, 0.03, LARGE)}
RADII, RADIUS = (0.0, 0.25, 0.5, 0.75), 0.5
PLAIN, TRAINED, BOUNDED = plan.PLAN[plan.DIGITS].models
TITLES = {
    PLAIN: "undefended",
    TRAINED: "trained on PGD's pictures",
    BOUNDED: "trained on bounds (IBP)",
}
LOOKS = {PROVED: "defended", BROKEN: "adversarial", UNKNOWN: "", WRONG: "clean"}
HALF = 0.5


@lru_cache(maxsize=64)
def proved(model: str, eps: float, method: str) -> Verification:
    """The first test digits, by one method; what is not proved is attacked."""
    images, labels = subjects.test_digits(N)
    return verification.verify(zoo.load(model), images, labels, eps, method)


def solved(model: str, eps: float) -> tuple[list[Row], str]:
    """The committed rows of all methods, the exact one among them, and the command.

    Raises ``ValueError`` where they are lacking, with how to make them.
    """
    report = results.report()
    for job, rows in report.rows.items():
        if (job.model, job.eps) == (model, eps):
            return rows, report.command
    raise ValueError(report.lacking or f"not measured yet: {report.command}")


def statuses(title: str, counts: dict[str, int], n: int) -> Bars:
    """How many pictures have each status."""
    return Bars(
        title,
        tuple(Bar(s, counts[s] / n, f"{counts[s]} of {n}", LOOKS[s]) for s in LOOKS),
    )


def not_found(eps: float, _: Progress | None) -> Found:
    """What PGD does not break, and whether that proves anything."""
    found = proved(PLAIN, eps, "ibp")
    counts = {s: found.count(s) for s in LOOKS}
    held = N - counts[BROKEN] - counts[WRONG]
    covered = counts[PROVED] / held if held else 0.0
    return Found(
        right=0 if covered == 1 else 1 if covered > 0 else 2,
        told=f"PGD breaks {counts[BROKEN]} of {N} digits; {counts[WRONG]} were wrong before. Of the "
        f"{held} that it does not "
        f"break, the quickest proof (intervals) covers {counts[PROVED]}; for {counts[UNKNOWN]} nobody "
        "knows yet.",
        conditions=f"{PLAIN}, the first {N} test digits, eps {eps:g} in Linf, IBP, and PGD of 20 steps on "
        "the rest.",
        figures=(statuses(f"Digits at eps {eps:g}", counts, N),),
    )


def tighter(eps: float, _: Progress | None) -> Found:
    """Intervals against CROWN on the same digits."""
    loose, tight = (proved(PLAIN, eps, method) for method in ("ibp", "crown"))
    a, b = loose.count(PROVED), tight.count(PROVED)
    times = b / a if a else float("inf")
    return Found(
        right=0 if times < 1.2 else 1 if times < 2 else 2,
        told=f"Intervals prove {a} of {N} digits, CROWN {b}. The network is the same: only the bound is "
        "tighter.",
        conditions=f"{PLAIN}, the first {N} test digits, eps {eps:g} in Linf.",
        figures=(
            Bars(
                "Digits proved",
                tuple(
                    Bar(name, count / N, f"{count} of {N}", "defended")
                    for name, count in (("intervals (IBP)", a), ("CROWN", b))
                ),
            ),
        ),
    )


def exact(eps: float, _: Progress | None) -> Found:
    """The integer program: what it settles, and how long it takes."""
    rows, command = solved(PLAIN, eps)
    n = len(rows)
    bounds, program = (sum(r.lower.get(m, -1.0) > 0 for r in rows) for m in ("crown", "milp"))
    unknown = sum(r.status == UNKNOWN for r in rows)
    seconds = sum(r.seconds for r in rows)
    return Found(
        right=0 if not unknown else 1,
        told=f"CROWN proves {bounds} of {n} digits, the integer program {program}. After "
        f"{number(seconds)} s, with a limit for "
        f"each digit, {unknown} are still unknown.",
        conditions=f"{PLAIN}, the first {n} test digits, eps {eps:g} in Linf. Made by: `{command}`.",
        figures=(
            statuses(
                f"Digits at eps {eps:g}, all methods together",
                {s: sum(r.status == s for r in rows) for s in LOOKS},
                n,
            ),
        ),
    )


def capital(title: str) -> str:
    """At the beginning of a sentence."""
    return title[:1].upper() + title[1:]


def trained_for_it(eps: float, _: Progress | None) -> Found:
    """Three trainings, by what is proved of them and by clean accuracy."""
    found = {name: proved(name, eps, "crown") for name in TITLES}
    counts = {name: one.count(PROVED) for name, one in found.items()}
    right = {name: N - one.count(WRONG) for name, one in found.items()}
    best = max(counts, key=lambda name: counts[name])
    return Found(
        right=list(TITLES).index(best),
        told=". ".join(
            f"{capital(title)}: {counts[name]} of {N} proved, {right[name]} right without an attack"
            for name, title in TITLES.items()
        )
        + ".",
        conditions=f"{', '.join(TITLES)}; the first {N} test digits, eps {eps:g} in Linf, CROWN.",
        figures=(
            Bars(
                f"Proved at eps {eps:g}",
                tuple(
                    Bar(title, counts[name] / N, f"{counts[name]} of {N}", "defended")
                    for name, title in TITLES.items()
                ),
            ),
            Bars(
                "Right without an attack",
                tuple(
                    Bar(title, right[name] / N, f"{right[name]} of {N}", "clean")
                    for name, title in TITLES.items()
                ),
            ),
        ),
    )


def smoothed(radius: float, _: Progress | None) -> Found:
    """What randomised smoothing promises on CIFAR-10."""
    report = defense_table.report()
    row = next((r for r in report.rows(CERTIFIED) if r.defense == "smoothing"), None)
    if row is None:
        raise ValueError(report.lacking or f"not measured yet: {report.command}")
    at = {r: row.at(r).value for r in RADII}
    value = at[radius]
    return Found(
        right=0 if value > HALF else 1 if value > 0.1 else 2,
        told=f"Within an L2 radius of {radius:g} it promises the right answer for {share(value)} of the "
        f"pictures, but for a risk of {share(row.alpha)}. Each promise takes {row.draws:,} passes.",
        conditions=f"{row.model}, CIFAR-10 test pictures. {row.conditions}",
        figures=(
            Bars(
                "Right and certified",
                tuple(Bar(f"to L2 {r:g}", v, share(v), "defended") for r, v in at.items()),
            ),
        ),
    )


def beyond(eps: float, _: Progress | None) -> Found:
    """Digits that are proved at a small eps, attacked with more."""
    base = SMALL
    safe = proved(PLAIN, base, "crown").verified
    images, labels = subjects.test_digits(N)
    model = zoo.load(PLAIN)
    record = attacks.create("pgd", eps=eps, loss="margin").run(model, images[safe], labels[safe])
    broken, n = int(record.success.sum()), int(safe.sum())
    return Found(
        right=0 if not broken else 1 if broken < n else 2,
        told=f"{n} digits are proved at eps {base:g}. PGD with eps {eps:g} breaks {broken} of them.",
        conditions=f"{PLAIN}, of the first {N} test digits those that CROWN proves at eps {base:g} in "
        "Linf; PGD of 20 steps, "
        "margin loss, seed 0.",
        figures=(
            Bars(
                f"Proved at {base:g}, attacked at {eps:g}",
                (
                    Bar("still right", (n - broken) / n, f"{n - broken} of {n}", "defended"),
                    Bar("broken", broken / n, f"{broken} of {n}", "adversarial"),
                ),
            ),
        ),
    )


VERIFY = Onward("pages/verify.py", "Prove it for a picture")
STEPS = steps(
    "lesson_5",
    Part(not_found, Control("Eps", EPS, SMALL), VERIFY, numbers={"eps": SMALL}),
    Part(tighter, Control("Eps", EPS, SMALL), VERIFY, numbers={"eps": SMALL}),
    Part(
        exact,
        control=Control("Eps", EPS, LARGE),
        onward=Onward("pages/verify.py", "What an exact answer costs"),
        numbers={"eps": LARGE, "seconds": plan.PLAN[plan.DIGITS].seconds},
    ),
    Part(
        trained_for_it,
        control=Control("Eps", EPS, LARGE),
        onward=Onward("pages/robustness_report.py", "All verified networks"),
        choices=tuple(f"{capital(title)}." for title in TITLES.values()),
        numbers={"eps": LARGE},
    ),
    Part(
        smoothed,
        control=Control("L2 radius", {r: f"{r:g}" for r in RADII}, RADIUS),
        onward=Onward(
            "pages/compare_defenses.py", "Smoothing on a picture", {"defenses": "smoothing"}
        ),
        numbers={"radius": RADIUS},
    ),
    Part(
        beyond,
        control=Control(
            "Eps of the attack", {e: f"{e:g}" for e in (SMALL, 0.05, LARGE, 0.15)}, LARGE
        ),
        onward=VERIFY,
        numbers={"base": SMALL, "eps": LARGE},
    ),
)
