"""Lesson 4: defences, and what broke them; from the committed table, and one trial live."""

from robust_core import attacks, defenses, zoo
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import ADAPTIVE, CLEAN, NAIVE, UNAWARE, AccuracyRow
from robust_core.experiment.defended import Attacker, trial
from robust_core.progress import Progress
from robust_core.words.lessons import subjects
from robust_core.words.lessons.step import Bar, Bars, Control, Found, Onward, Step
from robust_core.words.numbers import on_both_scales, share
from robust_core.words.verdict import said

EPS = 8 / 255
JPEG = "jpeg quality=75"
MASKED = "distilled temperature=100"
PLAIN = "fgsm-at-plain"
FILTERS = {"jpeg": "JPEG", "median": "Median", "bit-depth": "Bit depth"}
WHO = {CLEAN: "no attack", NAIVE: "naive", UNAWARE: "unaware", ADAPTIVE: "aware"}
HALF = 0.5


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


def jpeg_aware(_: object, __: Progress | None) -> Found:
    """The same filter, and an attacker who knows it."""
    (_clean, unaware, found), bars = compared(JPEG, (UNAWARE, "pgd"), (ADAPTIVE, "pgd"))
    value = found.accuracy.value
    return Found(
        right=0 if value > 0.9 * unaware.accuracy.value else 1 if value > 0.1 else 2,
        told=f"{share(unaware.accuracy.value)} are right against the unaware attacker, {share(value)} "
        "against the aware one.",
        conditions=where(found),
        figures=(bars,),
    )


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
                    Bar(f"{who} attacker", one.after.confidences[one.label.index], told[who], kind)
                    for (who, one), kind in zip(
                        made.items(), ("defended", "adversarial"), strict=True
                    )
                ),
            ),
        ),
    )


def masked(_: object, __: Progress | None) -> Found:
    """Distillation at a high temperature: its gradient vanishes, its weakness does not."""
    (_clean, naive, found), bars = compared(MASKED, (NAIVE, "pgd"), (ADAPTIVE, "pgd"))
    value = found.accuracy.value
    return Found(
        right=0 if value > 0.9 * naive.accuracy.value else 1 if value > 0.1 else 2,
        told=f"PGD on its own gradient leaves {share(naive.accuracy.value)}; on the logits before they "
        "are scaled, "
        f"{share(value)}. The boundary is where it was.",
        conditions=where(found),
        figures=(bars,),
    )


def one_step_training(_: object, __: Progress | None) -> Found:
    """Training on one-step pictures, attacked with one step and with several."""
    (_clean, one, several), bars = compared(PLAIN, (NAIVE, "fgsm"), (ADAPTIVE, "pgd"))
    value = several.accuracy.value
    return Found(
        right=0 if value > 0.9 * one.accuracy.value else 1 if value > 0.1 else 2,
        told=f"FGSM leaves {share(one.accuracy.value)}, PGD {share(value)}. The network has learnt to "
        "fool FGSM: catastrophic "
        "overfitting.",
        conditions=where(several),
        figures=(bars,),
    )


def adversarial_training(_: object, __: Progress | None) -> Found:
    """Training on PGD's pictures: what it keeps, and what it costs."""
    (clean, _found), bars = compared("pgd-at", (ADAPTIVE, "pgd"))
    strongest = results.report().strongest("pgd-at")
    assert strongest is not None
    value = strongest.accuracy.value
    cost = row("none").accuracy.value - clean.accuracy.value
    return Found(
        right=0 if value < 0.1 else 1 if value < HALF else 2,
        told=f"Under the strongest attack measured, {attacks.get(strongest.attack or 'pgd').title} on "
        f"{strongest.n} "
        f"pictures, {share(value)} are right. Without an attack it is {share(clean.accuracy.value)}: "
        f"{100 * cost:.1f} points "
        "less than the undefended network.",
        conditions=where(strongest),
        figures=(bars,),
    )


STEPS = (
    Step(
        goal="Put a filter in front.",
        text="JPEG throws away fine detail, and with it some of the attack. The attacker does not know of "
        "it.",
        question="PGD of 8/255, made without knowing of JPEG: how much accuracy is left behind it?",
        choices=("Less than 10 %.", "Between 10 and 50 %.", "Half, or more."),
        hint="The pictures were made for the network without the filter.",
        takeaway="A filter helps against those who do not know it, and costs clean accuracy.",
        find=jpeg_unaware,
        onward=Onward(
            "pages/compare_defenses.py",
            "JPEG on one picture",
            {"defenses": "jpeg", "attack": "pgd"},
        ),
    ),
    Step(
        goal="Let the attacker know it.",
        text="JPEG has no useful gradient. The aware attacker uses one in its place that is nearly right "
        "(BPDA).",
        question="The same filter, an aware attacker: how much is left?",
        choices=("About the same.", "Less, but more than 10 %.", "10 %, or less."),
        hint="The attacker only needs the direction, not the exact gradient.",
        takeaway="No gradient is no defence: an attacker brings one.",
        find=jpeg_aware,
        onward=Onward(
            "pages/compare_defenses.py",
            "All filters",
            {"defenses": "jpeg,median,bit-depth", "attack": "pgd"},
        ),
    ),
    Step(
        goal="Try it on one picture.",
        text="The cat behind a filter, and both attackers.",
        question="Behind JPEG, eps 8/255: is the model right about the aware attacker's picture?",
        choices=("Yes.", "No."),
        hint="Eps is what the benchmark uses, and the attacker knows the filter.",
        takeaway="Always ask for the aware row.",
        find=live,
        control=Control("Filter", FILTERS, "jpeg"),
        onward=Onward(
            "pages/compare_defenses.py", "Every defence on this picture", {"attack": "pgd"}
        ),
    ),
    Step(
        goal="Recognise a masked gradient.",
        text="Defensive distillation trains with a high temperature. Used without it, the softmax "
        "saturates and its "
        "gradient is nearly 0.",
        question="PGD on the logits in place of the saturated output: what is left?",
        choices=("About the same.", "Less, but more than 10 %.", "10 %, or less."),
        hint="Does the boundary move because the gradient is small?",
        takeaway="A masked gradient hides the way. The way is still there.",
        find=masked,
        onward=Onward(
            "pages/compare_defenses.py",
            "Masking, explained",
            {"defenses": "distilled", "attack": "pgd"},
        ),
    ),
    Step(
        goal="See a training that fooled itself.",
        text="Adversarial training with one FGSM step is cheap. This network was trained so.",
        question="PGD takes several steps: how much is left of what FGSM leaves?",
        choices=("About the same.", "Less, but more than 10 %.", "10 %, or less."),
        hint="What is the easiest way to be right on FGSM's pictures?",
        takeaway="Test with more than you trained with.",
        find=one_step_training,
        onward=Onward("pages/live_training.py", "Train one yourself"),
    ),
    Step(
        goal="See what holds, and what it costs.",
        text="Training on PGD's pictures shows the network the worst that is found, in every step.",
        question="8/255, the strongest attack that was run: how much accuracy is left?",
        choices=("Less than 10 %.", "Between 10 and 50 %.", "Half, or more."),
        hint="It is the one defence of this list that nobody has broken, and no perfect one.",
        takeaway="A defence counts by the strongest attack made against it in particular.",
        find=adversarial_training,
        onward=Onward("pages/robustness_report.py", "The table of all defences"),
    ),
)
