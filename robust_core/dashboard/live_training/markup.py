"""HTML of the page Live training: both networks side by side, and the loops of a step."""

from html import escape

from robust_core.dashboard.style import DEFENDED, GREY
from robust_core.evaluation.snapshot import Snapshot
from robust_core.training.live.train import Plan
from robust_core.words.numbers import share


def table(base: Snapshot, own: Snapshot, names: tuple[str, str], *, masked: bool) -> str:
    """Both networks side by side, a row for each measure, as bars with numbers; HTML.

    ``names`` stand above their columns. With ``masked`` also what an attack through the softmax sees.
    """
    rows = [
        ("Right on clean pictures", "clean"),
        ("Right under FGSM", "fgsm"),
        (f"Right under PGD-{own.steps}", "pgd"),
        ("Right on old copies: FGSM on digits-cnn", "old"),
    ]
    if masked:
        rows += [
            (f"Right under PGD-{own.steps} through the softmax", "masked"),
            ("Gradients through the softmax that are exactly zero", "zero_gradients"),
        ]

    def cell(value: float, kind: str, colour: str) -> str:
        return (
            f"<span role=cell class='cell {kind}'><i style='width:{70 * value:.1f}%;"
            f"background-color:{colour}'></i>{share(value)}</span>"
        )

    body = "".join(
        f"<div role=row><b role=rowheader>{title}</b>{cell(getattr(base, field), 'base', GREY)}"
        f"{cell(getattr(own, field), 'own', DEFENDED)}</div>"
        for title, field in rows
    )
    head = "".join(
        f"<small role=columnheader>{escape(word)}</small>" for word in ("share of pictures", *names)
    )
    label = f"Both networks on {own.n} test pictures."
    return f"<div class=livetable role=table aria-label='{label}'><div role=row>{head}</div>{body}</div>"


CSS = """<style>
.livetable { display: grid; gap: 0.35rem; font-size: 0.95rem; }
.livetable > div { display: grid; grid-template-columns: minmax(9rem, 1.4fr) 1fr 1fr; gap: 0.75rem;
  align-items: center; }
.livetable b { font-weight: 400; }
.livetable small { font-weight: 600; }
.livetable .cell { display: flex; align-items: center; gap: 0.5rem; white-space: nowrap; }
.livetable .cell i { height: 1.1rem; min-width: 2px; }
.livetable .own { font-weight: 600; }
.livetable .own i { background-image:
  repeating-linear-gradient(-45deg, #ffffff40 0 3px, transparent 3px 7px); }
.liveloop { display: flex; flex-wrap: wrap; align-items: stretch; gap: 0.4rem; font-size: 0.9rem; }
.liveloop > span { align-self: center; }
.liveloop > div { flex: 1 1 8rem; border: 1px solid color-mix(in srgb, currentColor 30%, transparent);
  border-radius: 0.5rem; padding: 0.4rem 0.6rem; }
.liveloop .inner { border: 2px dashed #D55E00; }
.liveloop .teacher { border: 2px dotted #0072B2; }
.liveloop .outer { border: 2px solid #009E73; }
.liveloop b { display: block; }
@media (max-width: 640px) {
  .livetable > div { grid-template-columns: 7rem 1fr 1fr; gap: 0.4rem; }
  .liveloop > div { flex-basis: 100%; }
  .liveloop > span { margin: auto; transform: rotate(90deg); }
}
</style>"""


def flow(plan: Plan) -> str:
    """One training step as a row of boxes: picture, inner loop, loss, outer loop; HTML."""
    inner, loss = _parts(plan)
    labels = "" if plan.method == "distillation" else " with labels y"
    boxes = [("", "A batch", f"{plan.recipe.batch} pictures x{labels}")]
    if plan.method == "distillation":
        boxes += _teaching(plan.temperature)
    if inner:
        boxes.append(("inner", "Inner loop: attack", inner))
    boxes.append(("", "Loss", loss))
    learn = "Outer loop: learn" if inner else "Learn"
    whose = "the student's" if plan.method == "distillation" else "the"
    boxes.append(("outer", learn, f"{whose} weights move down the loss; next batch"))
    cells = "<span aria-hidden=true>→</span>".join(
        f"<div class='{kind}'><b>{title}</b>{words}</div>" for kind, title, words in boxes
    )
    return f"<div class=liveloop>{cells}<span aria-hidden=true>↺</span></div>"


def _teaching(temperature: float) -> list[tuple[str, str, str]]:
    """The boxes of a teacher and a student."""
    soft = f"softmax(Z(x) / T), T = {temperature:g}"
    return [
        ("teacher", "Teacher: soft labels", f"{soft}; its weights stay as they are"),
        ("", "Student: answers", soft),
    ]


def _parts(plan: Plan) -> tuple[str, str]:
    """What the inner loop does, if there is one, and what is minimised."""
    up = "against the current weights"
    match plan.method:
        case "fgsm" if plan.alpha < 1:
            inner = f"1 step up the loss, within eps {plan.eps:g}, {up}"
            return inner, f"{plan.alpha:g} × clean + {1 - plan.alpha:g} × adversarial"
        case "pgd":
            steps = f"{plan.steps} step{'s' * (plan.steps > 1)}"
            return (
                f"{steps} up the loss, within eps {plan.eps:g}, {up}",
                "adversarial pictures only",
            )
        case "lambda":
            inner = (
                f"half of the batch: 1 step to the least likely class, up to eps {plan.eps:g}, {up}"
            )
            return inner, f"clean weigh 1, adversarial {plan.weight:g}"
        case "static":
            return "", "clean pictures and copies that were attacked once, before"
        case "gradient":
            return "", "clean, and eps times the length of its gradient at the picture"
        case "distillation":
            return "", "cross-entropy of the student's answers with the soft labels"
    return "", "clean pictures only"
