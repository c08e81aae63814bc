"""Lesson 1: from a gradient to FGSM."""

from functools import lru_cache
from itertools import pairwise

from robust_core import attacks, zoo
from robust_core.data.fitting import to_tensor
from robust_core.experiment.perform import Experiment
from robust_core.experiment.pixels import MEASURES, Ascent, ascent
from robust_core.progress import Progress
from robust_core.toys import descent, dimension
from robust_core.words.lessons import subjects
from robust_core.words.lessons.prose import Part, steps
from robust_core.words.lessons.step import (
    Bar,
    Bars,
    Control,
    Found,
    Onward,
    TwoWays,
    of_count,
)
from robust_core.words.lessons.subjects import WHOLE
from robust_core.words.numbers import decimal, in_255ths, number, on_both_scales, percent
from robust_core.words.verdict import said

EPS = (0.01, 0.1, 0.15, 0.5, 0.7)
EPS_WORDS = {eps: f"{eps:g}" for eps in EPS}
PICTURES = 100
SIMILAR = 1.2
"""Two numbers are about the same where their ratio is below this."""


@lru_cache(maxsize=8)
def _ascent(eps: float) -> Ascent:
    model = zoo.load(subjects.CIFAR)
    return ascent(model, to_tensor(subjects.photograph(WHOLE)), eps, subjects.label(model, WHOLE))


@lru_cache(maxsize=8)
def _fgsm(eps: float) -> Experiment:
    return subjects.attacked(attacks.create("fgsm", eps=eps), None, sample=WHOLE)


def two_ways(_: object, __: Progress | None) -> Found:
    """Descent and ascent on one curve."""
    ends = [
        descent.walk(descent.slope, descent.START, descent.RATE, descent.STEPS, up=up)[-1]
        for up in (False, True)
    ]
    begin, down, up = (descent.smooth(t) for t in (descent.START, *ends))
    return Found(
        right=0 if down < begin < up else 1,
        told=f"From J = {begin:.2f}, {descent.STEPS} steps against the slope end at {down:.2f}, the same "
        "number "
        f"along it at {up:.2f}. Training moves the weights down, the attack moves the input up.",
        conditions=f"A drawn curve, rate {descent.RATE:g}.",
        figures=(TwoWays(),),
    )


def six_frames(eps: float, _: Progress | None) -> Found:
    """FGSM on the photograph, in its parts."""
    found = _ascent(eps)
    loss = MEASURES["ce"]
    before, after = loss.of(found.odds), loss.of(found.reached)
    times = after / before
    return Found(
        right=0 if times < 1 else 1 if times < 10 else 2,
        told=f"J rises from {decimal(before)} to {decimal(after)}, {_many(times)} times as much. The "
        "model said "
        f"{said(found.before)}, and says {said(found.after)}.",
        conditions=f"{subjects.CIFAR}, one photograph, FGSM with eps {on_both_scales(eps)} in Linf, J is "
        "cross-entropy.",
        figures=(found,),
    )


def _many(times: float) -> str:
    """From a thousand on with two significant digits: J before is close to 0."""
    return number(times) if times < 1000 else f"about {float(f'{times:.2g}'):,.0f}"


def signs(eps: float, _: Progress | None) -> Found:
    """The signs of the gradient against random signs, on test digits."""
    chance = subjects.counted("noise", eps, PICTURES, kind="sign")
    aimed = subjects.counted("fgsm", eps, PICTURES)
    ratio = aimed.flipped / chance.flipped if chance.flipped else float("inf")
    return Found(
        right=0 if ratio < SIMILAR else 1 if ratio < 5 else 2,
        told=f"Random signs flip {of_count(chance.flipped, chance.correct)} of the digits, the signs of "
        "the gradient "
        f"{of_count(aimed.flipped, aimed.correct)}. Both change every pixel by {eps:g}.",
        conditions=subjects.conditions(PICTURES, eps, "one draw of the random signs, seed 0"),
        figures=(
            Bars(
                "Digits flipped",
                tuple(
                    Bar(name, one.flipped / one.correct, str(one.flipped), kind)
                    for name, one, kind in (
                        ("random signs", chance, ""),
                        ("signs of the gradient", aimed, "adversarial"),
                    )
                ),
            ),
        ),
    )


def dimensions(n: int, _: Progress | None) -> Found:
    """What eps does to one activation of n inputs, along the weights and at random."""
    eps = EPS[0]
    found = dimension.activation(n, eps)
    small = dimension.activation(n // 100, eps)
    grown, drifted = found.adversarial / small.adversarial, found.typical / small.typical
    largest = max(found.adversarial, found.typical)
    return Found(
        right=0 if grown < 2 else 1 if grown < 50 else 2,
        told=f"With {small.n:,} inputs the change along the signs of the weights moves the activation by "
        f"{number(small.adversarial)}, with {n:,} by {number(found.adversarial)}: {number(grown)} times "
        "as far. "
        f"Random signs reach {number(found.typical)}, {number(drifted)} times as far: they cancel.",
        conditions=f"A linear unit with standard normal weights, seed 0, eps {eps:g} in Linf, random "
        "signs: mean size "
        f"over {dimension.DRAWS} draws.",
        figures=(
            Bars(
                f"Change of the activation, {n:,} inputs",
                (
                    Bar(
                        "signs of the weights",
                        found.adversarial / largest,
                        number(found.adversarial),
                        "adversarial",
                    ),
                    Bar("random signs", found.typical / largest, number(found.typical)),
                ),
            ),
        ),
    )


def larger(eps: float, _: Progress | None) -> Found:
    """The photograph under FGSM of each of the five eps; the one chosen is shown."""
    every = {each: _fgsm(each) for each in EPS}
    left = {each: one.confidence_after[one.label.index] for each, one in every.items()}
    shares = list(left.values())
    falls = all(a >= b for a, b in pairwise(shares))
    wins = [f"{each:g}" for each, one in every.items() if one.success]
    fooled = (
        f"It fools the model with {', '.join(wins)}." if wins else "None of them fools the model."
    )
    label = every[EPS[0]].label.label
    return Found(
        right=0 if falls else 1,
        told=f"Confidence in {label} after one step of {EPS[0]:g}: {percent(shares[0])}; of {EPS[1]:g}: "
        f"{percent(shares[1])}; of {EPS[2]:g}: {percent(shares[2])}. {fooled} The gradient holds at the "
        "picture itself; a large step leaves the region where it holds.",
        conditions=f"{subjects.CIFAR}, one photograph, FGSM in Linf, saved in 8 bits (the six frames are "
        f"not, so close answers may differ); below: eps {on_both_scales(eps)}.",
        figures=(
            Bars(
                f"Confidence in {label}",
                tuple(
                    Bar(
                        f"eps {each:g} ({in_255ths(each)})",
                        share,
                        percent(share),
                        "adversarial" if every[each].success else "clean",
                    )
                    for each, share in left.items()
                ),
            ),
            subjects.pictures(every[eps]),
        ),
    )


def on_digits(eps: float, _: Progress | None) -> Found:
    """How many digits survive one FGSM step."""
    found = subjects.counted("fgsm", eps, PICTURES)
    left = found.left / found.correct
    return Found(
        right=0 if left > 0.9 else 1 if left > 0.5 else 2,
        told=f"Of {found.correct} digits that were right, {found.left} still are ({100 * left:.0f} %), "
        "after one "
        "gradient each.",
        conditions=subjects.conditions(PICTURES, eps, "FGSM"),
        figures=(
            Bars(
                "Digits that are right",
                (
                    Bar("clean", found.correct / found.n, str(found.correct), "clean"),
                    Bar("after FGSM", found.left / found.n, str(found.left), "adversarial"),
                ),
            ),
        ),
    )


STEPS = steps(
    "lesson_1",
    Part(
        two_ways,
        onward=Onward("pages/first_principles.py", "Being evil, as a toy", {"idea": "evil"}),
    ),
    Part(
        six_frames,
        control=Control("Eps", EPS_WORDS, EPS[0]),
        onward=Onward(
            "pages/first_principles.py", "The six frames, on any picture", {"idea": "fgsm"}
        ),
        numbers={"eps": EPS[0]},
    ),
    Part(
        signs,
        control=Control("Eps", {eps: EPS_WORDS[eps] for eps in EPS[:3]}, EPS[1]),
        onward=Onward(
            "pages/compare_attacks.py", "Noise and FGSM on one picture", {"attacks": "noise,fgsm"}
        ),
        numbers={"eps": EPS[1], "n": PICTURES},
    ),
    Part(
        dimensions,
        control=Control("Inputs", {n: f"{n:,}" for n in (3_072, 49_152, 150_528)}, 49_152),
        onward=Onward(
            "pages/first_principles.py", "Dimensions, up to ImageNet's", {"idea": "dimension"}
        ),
    ),
    Part(
        larger,
        control=Control("Eps shown", EPS_WORDS, EPS[0]),
        onward=Onward("/", "FGSM on Attack", {"attack": "fgsm"}),
        numbers={"first": EPS[0], "last": EPS[-1]},
    ),
    Part(
        on_digits,
        control=Control("Eps", EPS_WORDS, EPS[1]),
        onward=Onward("pages/robustness_report.py", "All models against eps", {}),
        numbers={"eps": EPS[1], "n": PICTURES},
    ),
)
