"""Lesson 2: stronger attacks and their price."""

from robust_core import attacks
from robust_core.evaluation.transfer import results as transfer
from robust_core.progress import Progress
from robust_core.words.lessons import subjects
from robust_core.words.lessons.prose import Part, steps
from robust_core.words.lessons.step import Bar, Bars, Control, Found, Onward, of_count
from robust_core.words.numbers import number, on_both_scales
from robust_core.words.verdict import said

EPS = 0.01
DIGITS_EPS = {0.05: "0.05", 0.1: "0.1", 0.15: "0.15"}
START = 0.1
"""The eps that questions on digits are about."""
FGSM = f"FGSM, eps {START:g}"
STEPS_TAKEN, SCORES, LABELS = 10, 500, 1000
"""What the questions allow: steps, queries of scores, queries of labels."""
N, FEW = 100, 20
COUNTS = (1, 2, 5, 10, 20, 40)
QUERIES = {100: "100", 300: "300", 1000: "1,000"}


def many_steps(steps: int, progress: Progress | None) -> Found:
    """BIM on the photograph, beside FGSM of the same eps."""
    one = subjects.attacked(attacks.create("fgsm", eps=EPS), None)
    found = subjects.attacked(attacks.create("bim", eps=EPS, steps=steps), progress)
    return Found(
        right=0 if not found.success else 1,
        told=f"One step: {said(one.after[0])}. {steps} steps within the same eps: {said(found.after[0])}, "
        "after "
        f"{found.gradients} gradients.",
        conditions=f"{subjects.CIFAR}, one photograph, FGSM and BIM, eps {on_both_scales(EPS)} in Linf.",
        figures=(subjects.pictures(found),),
    )


def diminishing(eps: float, _: Progress | None) -> Found:
    """Digits flipped against the number of steps."""
    rows = {steps: subjects.counted("pgd", eps, N, steps=steps) for steps in COUNTS}
    most, half = (rows[steps] for steps in (COUNTS[-1], COUNTS[-2]))
    gained = most.flipped - half.flipped
    return Found(
        right=0 if gained >= half.flipped else 1 if gained > 5 else 2,
        told=f"{COUNTS[0]} step flips {of_count(rows[1].flipped, most.correct)}, {COUNTS[-2]} steps "
        f"{half.flipped}, "
        f"{COUNTS[-1]} steps {most.flipped}: {abs(gained)} {'more' if gained >= 0 else 'fewer'} for twice "
        "the "
        "gradients.",
        conditions=subjects.conditions(N, eps, "PGD from a random start, seed 0"),
        figures=(
            Bars(
                "Digits flipped",
                tuple(
                    Bar(
                        f"{steps} step{'s' * (steps > 1)}",
                        one.flipped / one.correct,
                        str(one.flipped),
                        "adversarial",
                    )
                    for steps, one in rows.items()
                ),
            ),
        ),
    )


def counted(gradients: float) -> str:
    """A mean number of gradients, as a word with its number."""
    return f"{gradients:.0f} gradient{'s' * (round(gradients) != 1)}"


def smallest(_: object, __: Progress | None) -> Found:
    """The L2 length that each attack needs."""
    fgsm = subjects.counted("fgsm", START, FEW)
    deepfool = subjects.counted("deepfool", None, FEW)
    carlini = subjects.counted("cw-l2", None, FEW)
    needed = {
        FGSM: fgsm,
        "DeepFool, no eps": deepfool,
        "Carlini and Wagner, no eps": carlini,
    }
    lengths = {name: one.mean_l2 or 0.0 for name, one in needed.items()}
    longest = max(lengths.values())
    shortest = min(lengths, key=lambda name: lengths[name])
    price = carlini.gradients / deepfool.gradients
    return Found(
        right=list(lengths).index(shortest),
        told=f"Mean L2 of the digits it flips: FGSM {number(lengths[FGSM])} ({fgsm.flipped} of "
        f"{fgsm.correct}), DeepFool {number(deepfool.mean_l2)} ({deepfool.flipped}), Carlini and Wagner "
        f"{number(carlini.mean_l2)} ({carlini.flipped}), at {number(price)} times DeepFool's gradients.",
        conditions=subjects.conditions(
            FEW, None, f"FGSM of eps {START:g} in Linf, the others in L2, as small as they can find"
        ),
        figures=(
            Bars(
                "Mean L2 length, and gradients a digit",
                tuple(
                    Bar(
                        name,
                        lengths[name] / longest,
                        f"{number(lengths[name])}, {counted(one.gradients)}",
                        "adversarial",
                    )
                    for name, one in needed.items()
                ),
            ),
        ),
    )


def labels_only(queries: int, _: Progress | None) -> Found:
    """HopSkipJump, which sees only the label, against DeepFool, which sees everything."""
    seeing = subjects.counted("deepfool", None, FEW)
    blind = subjects.counted("hopskipjump", None, FEW, max_queries=queries)
    assert seeing.mean_l2 is not None
    ratio = (blind.mean_l2 or float("inf")) / seeing.mean_l2
    spent = seeing.queries + seeing.gradients
    longest = max(seeing.mean_l2, blind.mean_l2 or 0.0)
    told = (
        f"With {queries:,} labels a digit it flips {of_count(blind.flipped, blind.correct)}, at a mean L2 "
        f"of {number(blind.mean_l2)}. DeepFool, which sees gradients, needs {number(seeing.mean_l2)} and "
        f"{number(spent)} passes."
    )
    return Found(
        right=0 if not blind.flipped else 1 if ratio > 1.1 else 2,
        told=told,
        conditions=subjects.conditions(FEW, None, "HopSkipJump and DeepFool in L2"),
        figures=(
            Bars(
                "Mean L2 length",
                tuple(
                    Bar(name, (one.mean_l2 or 0.0) / longest, number(one.mean_l2), kind)
                    for name, one, kind in (
                        ("DeepFool: gradients", seeing, "adversarial"),
                        ("HopSkipJump: labels", blind, ""),
                    )
                ),
            ),
        ),
    )


def transferred(_: object, __: Progress | None) -> Found:
    """Pictures made on one network, shown to others: the committed matrix."""
    matrix = next(
        m
        for m in transfer.load().matrices("cifar10")
        if m.attack == "pgd" and subjects.CIFAR in {row.source for row in m.rows}
    )
    cells = {name: matrix.cell(subjects.CIFAR, name) for name in matrix.targets}
    others = {n: c for n, c in cells.items() if n != subjects.CIFAR}
    own = cells[subjects.CIFAR]
    best = max(others, key=lambda n: others[n].fooled / others[n].right)
    least = min(others, key=lambda n: others[n].fooled / others[n].right)
    share = others[best].fooled / others[best].right
    return Found(
        right=0 if share < 0.1 else 1 if others[least].fooled / others[least].right < 0.1 else 2,
        told=f"Its own network: {of_count(own.fooled, own.right)} fooled. {best}: "
        f"{of_count(others[best].fooled, others[best].right)}. {least}: "
        f"{of_count(others[least].fooled, others[least].right)}.",
        conditions=f"Made on {subjects.CIFAR}: {matrix.made}, {matrix.n} CIFAR-10 test pictures, of those "
        f"that a network got right. Made by: `{transfer.COMMAND}`.",
        figures=(
            Bars(
                "Fooled, of those it got right",
                tuple(
                    Bar(
                        name,
                        cell.fooled / cell.right,
                        f"{100 * cell.fooled / cell.right:.0f} %",
                        "adversarial" if name == subjects.CIFAR else "",
                    )
                    for name, cell in sorted(
                        cells.items(), key=lambda item: -item[1].fooled / item[1].right
                    )
                ),
            ),
        ),
    )


def scores(eps: float, _: Progress | None) -> Found:
    """Square, which sees scores, against PGD within the same eps."""
    seeing = subjects.counted("pgd", eps, N)
    blind = subjects.counted("square", eps, N, max_queries=SCORES)
    lost = (seeing.flipped - blind.flipped) / max(1, seeing.flipped)
    return Found(
        right=0 if lost > 0.5 else 1 if lost > -0.02 else 2,
        told=f"PGD flips {of_count(seeing.flipped, seeing.correct)} with {seeing.gradients:.0f} gradients "
        "a digit; "
        f"Square, which sees scores only, {blind.flipped}, with {blind.queries:.0f} queries a digit.",
        conditions=subjects.conditions(
            N, eps, f"PGD of 20 steps, Square of at most {SCORES} queries, seed 0"
        ),
        figures=(
            Bars(
                "Digits flipped",
                (
                    Bar(
                        "PGD: gradients",
                        seeing.flipped / seeing.correct,
                        str(seeing.flipped),
                        "adversarial",
                    ),
                    Bar("Square: scores", blind.flipped / blind.correct, str(blind.flipped), ""),
                ),
            ),
        ),
    )


STEPS = steps(
    "lesson_2",
    Part(
        many_steps,
        control=Control("Steps", {s: str(s) for s in (1, 2, 5, 10, 20)}, STEPS_TAKEN),
        onward=Onward("/", "BIM on Attack, step by step", {"attack": "bim", "depth": "Steps"}),
        numbers={"steps": STEPS_TAKEN, "eps": EPS},
    ),
    Part(
        diminishing,
        control=Control("Eps", DIGITS_EPS, START),
        onward=Onward("/", "PGD on Attack", {"attack": "pgd"}),
        numbers={"first": COUNTS[-2], "last": COUNTS[-1], "eps": START},
    ),
    Part(
        smallest,
        onward=Onward(
            "pages/compare_attacks.py",
            "All three on one picture",
            {"attacks": "fgsm,deepfool,cw-l2", "sort": "l2"},
        ),
    ),
    Part(
        scores,
        control=Control("Eps", DIGITS_EPS, START),
        onward=Onward("pages/black_box.py", "Black box, behind the curtain"),
        numbers={"eps": START, "queries": SCORES},
    ),
    Part(
        labels_only,
        control=Control("Labels a digit", QUERIES, LABELS),
        onward=Onward("pages/black_box.py", "Black box, behind the curtain"),
        numbers={"labels": LABELS},
    ),
    Part(
        transferred,
        onward=Onward("pages/black_box.py", "The whole matrix"),
    ),
)
