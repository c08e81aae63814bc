"""Lesson 4: defences, and what broke them; from the committed table, and one trial live."""

from robust_core import attacks, defenses, zoo
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import ADAPTIVE, CLEAN, NAIVE, UNAWARE, AccuracyRow
from robust_core.experiment.defended import Attacker, DefenseTrial, trial
from robust_core.progress import Progress
from robust_core.words.lessons import subjects
from robust_core.words.lessons.prose import Part, steps
from robust_core.words.lessons.step import Bar, Bars, Control, Found, Onward
from robust_core.words.numbers import in_255ths, on_both_scales, percent, share
from robust_core.words.verdict import said

EPS = 8 / 255
JPEG = "jpeg quality=75"
MASKED = "distilled temperature=100"
PLAIN = "fgsm-at-plain"
FILTERS = {"jpeg": "JPEG", "median": "Median", "bit-depth": "Bit depth"}
WHO = {CLEAN: "no attack", NAIVE: "naive", UNAWARE: "unaware", ADAPTIVE: "aware"}
HALF = 0.5
NUMBERS = {"eps": in_255ths(EPS)}
"""What the questions name: the eps of the trial, which is that of the table."""


def row(subject: str, threat: str = CLEAN, attack: str | None = None) -> AccuracyRow:
    """A cell of the committed table. Raises ``ValueError`` where it is lacking, with how to make it."""
    report = results.report()
    found = report.accuracy(subject, threat, attack)
    if found is None:
        raise ValueError(report.lacking or f"not measured yet: {report.command}")
    return found


def bar(one: AccuracyRow, name: str, kind: str) -> Bar:
    """Accuracy as a bar."""
    value = one.accuracy.value
    return Bar(name, value, f"{share(value)} of {one.n:,}", kind)


def where(*rows: AccuracyRow) -> str:
    """Model, data, pictures, attack, command."""
    last = rows[-1]
    return f"{last.model}, CIFAR-10 test pictures. {last.conditions}"


def compared(subject: str, *threats: tuple[str, str]) -> tuple[tuple[AccuracyRow, ...], Bars]:
    """Accuracy without an attack and under each (threat, attack), as rows and bars."""
    rows = (row(subject), *(row(subject, *one) for one in threats))
    names = ["no attack", *(f"{attacks.get(a).title}, {WHO[t]} attacker" for t, a in threats)]
    kinds = ["clean", *("defended" if t == UNAWARE else "adversarial" for t, _ in threats)]
    bars = Bars(
        f"Accuracy: {rows[0].title}",
        tuple(bar(*each) for each in zip(rows, names, kinds, strict=True)),
    )
    return rows, bars


def jpeg_unaware(_: object, __: Progress | None) -> Found:
    """JPEG in front of the network, and an attacker who does not know it."""
    (clean, found), bars = compared(JPEG, (UNAWARE, "pgd"))
    plain = row("none", ADAPTIVE, "pgd")
    value = found.accuracy.value
    return Found(
        right=0 if value < 0.1 else 1 if value < HALF else 2,
        told=f"PGD leaves {share(plain.accuracy.value)} of the undefended network's accuracy, and "
        f"{share(value)} behind "
        f"JPEG. Without an attack JPEG leaves {share(clean.accuracy.value)}, where the network alone has "
        f"{share(row('none').accuracy.value)}.",
        conditions=where(clean, found),
        figures=(bars,),
    )


def _left(subject: str, weak: tuple[str, str], strong: tuple[str, str], told: str) -> Found:
    """About as much is left by a strong attacker as by a weak one, or less, or a tenth of all at most.

    ``told`` has a place for the share that each leaves.
    """
    (_clean, before, after), bars = compared(subject, weak, strong)
    value = after.accuracy.value
    right = 0 if value > 0.9 * before.accuracy.value else 1 if value > 0.1 else 2
    words = told.format(share(before.accuracy.value), share(value))
    return Found(right, words, where(after), (bars,))


def jpeg_aware(_: object, __: Progress | None) -> Found:
    """The same filter, and an attacker who knows it."""
    told = "{} are right against the unaware attacker, {} against the aware one."
    return _left(JPEG, (UNAWARE, "pgd"), (ADAPTIVE, "pgd"), told)


def share_of(found: DefenseTrial) -> float:
    """What is left of the confidence in the true class."""
    return float(found.after.confidences[found.label.index])


def live(name: str, progress: Progress | None) -> Found:
    """One photograph, one filter, both attackers."""
    attack = attacks.create("pgd", eps=EPS)
    model = zoo.load(subjects.CIFAR)
    made = {
        who: trial(
            model,
            subjects.photograph(),
            attack,
            defenses.create(name),
            attacker=who,
            label=subjects.label(model),
            progress=progress,
        )
        for who in Attacker
    }
    told = {
        who: f"{said(one.after.guesses[0])} ({one.outcome.value.lower()})"
        for who, one in made.items()
    }
    aware = made[Attacker.AWARE]
    return Found(
        right=0 if not aware.success else 1,
        told=f"Behind {FILTERS[name]} the model says of the unaware attacker's picture: "
        f"{told[Attacker.UNAWARE]}; of the "
        f"aware one's: {told[Attacker.AWARE]}.",
        conditions=f"{subjects.CIFAR}, one photograph, PGD of 20 steps, eps {on_both_scales(EPS)} in Linf.",
        figures=(
            Bars(
                f"Confidence in {aware.label.label}",
                tuple(
                    Bar(
                        f"{who} attacker",
                        share_of(one),
                        f"{percent(share_of(one))}: {one.outcome.value.lower()}",
                        kind,
                    )
                    for (who, one), kind in zip(
                        made.items(), ("defended", "adversarial"), strict=True
                    )
                ),
            ),
        ),
    )


def masked(_: object, __: Progress | None) -> Found:
    """Distillation at a high temperature: its gradient vanishes, its weakness does not."""
    told = (
        "PGD on its own gradient leaves {}; on the logits before they are scaled, {}. The boundary is "
        "where it was."
    )
    return _left(MASKED, (NAIVE, "pgd"), (ADAPTIVE, "pgd"), told)


def one_step_training(_: object, __: Progress | None) -> Found:
    """Training on one-step pictures, attacked with one step and with several."""
    told = "FGSM leaves {}, PGD {}. The network has learnt to fool FGSM: catastrophic overfitting."
    if row(PLAIN, NAIVE, "fgsm").accuracy.value > row(PLAIN).accuracy.value:
        told += " FGSM's picture even helps: the network reads the class from the change itself."
    return _left(PLAIN, (NAIVE, "fgsm"), (ADAPTIVE, "pgd"), told)


def adversarial_training(_: object, __: Progress | None) -> Found:
    """Training on PGD's pictures: what it keeps, and what it costs."""
    (clean, _found), bars = compared("pgd-at", (ADAPTIVE, "pgd"))
    strongest = results.report().strongest("pgd-at")
    assert strongest is not None
    value = strongest.accuracy.value
    title = attacks.get(strongest.attack or "pgd").title
    worst = bar(strongest, f"{title}, {WHO[ADAPTIVE]} attacker", "adversarial")
    cost = row("none").accuracy.value - clean.accuracy.value
    return Found(
        right=0 if value < 0.1 else 1 if value < HALF else 2,
        told=f"Under the strongest attack measured, {title} on {strongest.n} "
        f"pictures, {share(value)} are right. Without an attack it is {share(clean.accuracy.value)}: "
        f"{100 * cost:.1f} points "
        "less than the undefended network.",
        conditions=where(strongest),
        figures=(Bars(bars.title, (*bars.rows, worst)),),
    )


STEPS = steps(
    "lesson_4",
    Part(
        jpeg_unaware,
        onward=Onward(
            "pages/compare_defenses.py",
            "JPEG on one picture",
            {"defenses": "jpeg", "attack": "pgd"},
        ),
        numbers=NUMBERS,
    ),
    Part(
        jpeg_aware,
        onward=Onward(
            "pages/compare_defenses.py",
            "All filters",
            {"defenses": "jpeg,median,bit-depth", "attack": "pgd"},
        ),
    ),
    Part(
        live,
        control=Control("Filter", FILTERS, "jpeg"),
        onward=Onward(
            "pages/compare_defenses.py", "Every defence on this picture", {"attack": "pgd"}
        ),
        numbers=NUMBERS,
    ),
    Part(
        masked,
        onward=Onward(
            "pages/compare_defenses.py",
            "Masking, explained",
            {"defenses": "distilled", "attack": "pgd"},
        ),
    ),
    Part(one_step_training, onward=Onward("pages/live_training.py", "Train one yourself")),
    Part(
        adversarial_training,
        onward=Onward("pages/robustness_report.py", "The table of all defences"),
        numbers=NUMBERS,
    ),
)
