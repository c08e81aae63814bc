"""The study behind the page Detectors: its questions and what was found here, its method, symbols.

Metzen, Genewein, Fischer and Bischoff (2017), On Detecting Adversarial Perturbations.
"""

from collections.abc import Iterable
from html import escape

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import model_card, opened
from robust_core.dashboard.detectors import freezing, scores
from robust_core.dashboard.detectors.answers import QUESTIONS
from robust_core.evaluation.detector_tables import results
from robust_core.models import SelectedVGG
from robust_core.models.detector import build
from robust_core.words.markdown import table
from robust_core.words.numbers import share

CSS = """<style>
.pipeline { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1.6rem; font-size: 0.875rem;
  counter-reset: step; padding: 0.3rem 0 0.6rem; }
.pipeline > div {
  position: relative; border: 1.5px solid #8C8C8C; border-radius: 6px; padding: 0.6rem 0.8rem;
}
.pipeline > div.frozen { border-style: dashed; }
.pipeline > div.detector { border-color: #CC79A7; }
.pipeline b { display: block; }
.pipeline b::before { counter-increment: step; content: counter(step) ". "; }
.pipeline > div:not(:last-child)::after {
  content: "\\2192"; position: absolute; right: -1.3rem; top: 50%; transform: translateY(-50%);
}
@media (max-width: 640px) {
  .pipeline { grid-template-columns: 1fr; }
  .pipeline > div:not(:last-child)::after { content: "\\2193"; right: 50%; top: auto; bottom: -1.5rem;
    transform: translateX(50%); }
}
</style>"""
DYNAMIC = r"""\begin{aligned}
x_0 &= x \\
x_{n+1} &= \mathrm{Clip}_x^\varepsilon\left\{x_n + \alpha\, d_n\right\} \\
d_n &= (1-\sigma)\,\mathrm{sgn}\,\nabla_x J_{cls}(x_n, y_{true}) \\
&\quad + \sigma\,\mathrm{sgn}\,\nabla_x J_{det}(x_n, 1)
\end{aligned}"""
"""The dynamic adversary, in lines that a phone can show."""
SYMBOLS = """
| symbol | what it is |
|---|---|
| $x$, $x_n$ | the picture, pixels in [0, 1]; the same after $n$ steps |
| $y_{true}$ | its true class |
| $J_{cls}$ | cross-entropy of the classifier: larger is further from the class given |
| $J_{det}(x, 1)$ | cross-entropy of the detector for the answer "adversarial": larger looks more genuine |
| $\\sigma$ | the detector's share of a step, 0 to 1 |
| $\\alpha$, $\\varepsilon$ | length of a step; how far a pixel may go in total |
| $\\mathrm{Clip}_x^\\varepsilon$ | back to within $\\varepsilon$ of $x$ and to [0, 1] |
| $\\mathrm{sgn}$ | the sign of each pixel, taken before the two directions are mixed |
"""
IMAGENET = (
    (
        "classifier",
        "a pretrained VGG16, its answer restricted to 10 of the 1,000 classes before the softmax",
    ),
    (
        "detector",
        "behind the fourth max-pooling: five 3×3 convolutions of 196 maps with batch normalisation and "
        "ReLU, a 2×2 max-pooling behind the first, a 1×1 convolution, the mean",
    ),
    ("training", "500 epochs, Adam 0.0001, β₁ 0.99, β₂ 0.999"),
    (
        "detectability",
        "85 % or more, except for the iterative L2 adversary at eps 400 (pixels in 0 to 255): "
        "chance",
    ),
    (
        "across eps",
        "Fast and Iterative Linf at 2, 4, 6, Iterative L2 at 400, 800, 1200, for pixels in 0 to 255: 2, "
        "4, 6 are 0.0078, 0.0157, 0.0235 and 400, 800, 1200 are 1.57, 3.14, 4.71 in [0, 1]; of these "
        "tables only the axes could be quoted, not the values; ours are measured, under Eps above",
    ),
    ("across adversaries", "the matrix is under Transfer above, beside ours"),
)
"""What the paper says of a second, larger classifier."""
PAPER = ("100 epochs", "0.1; 0.01 after epoch 41; 0.001 after 61", "0.9", "91.3 %", "20")
PAPER_ON_PHOTOGRAPHS = ("VGG16, pretrained", "not quoted", "not quoted", "not quoted", "500")
"""Settings of the classifier, its accuracy, and the epochs of the detector."""


def show_study(model: zoo.Description) -> None:
    """Four tabs of text; figures come from the index and the committed results on a classifier."""
    name = results.model_of(model.name)
    st.markdown("## The study behind this page")
    parts = {
        "Four questions": lambda: _questions(name),
        "Training": lambda: _training(model, name),
        "Symbols": _symbols,
        "ImageNet, quoted": _imagenet,
    }
    opened.draw_open(parts, "study")


def _questions(model: str) -> None:
    for column, (question, answer) in zip(st.columns(4), QUESTIONS, strict=True):
        column.markdown(f"**{question}**\n\n{answer(model)}")
    st.caption(
        "Detectability: balanced accuracy, at score 0.5, of telling clean from successful adversarial "
        "pictures; 0.5 is chance. Pictures, conditions and commands are with the charts above."
    )


def _symbols() -> None:
    st.latex(DYNAMIC)
    st.markdown(SYMBOLS)


def _imagenet() -> None:
    st.markdown(table(("part", "10-class ImageNet"), IMAGENET))
    st.caption("Quoted from Metzen et al. (2017); nothing in this tab was measured here.")
    st.caption(computed())


def _training(shown: zoo.Description, model: str) -> None:
    """The four steps, the paper's settings beside those of the bundled weights, and what stays frozen."""
    st.html(pipeline())
    try:
        index = zoo.index()
    except zoo.ZooError as error:
        st.error(str(error))
        return
    st.markdown(settings(index, model))
    model_card.show_curve(model, "study_curve")
    st.caption(
        "While a dynamic detector is trained, the adversarial pictures are not made once: each picture of "
        "a batch is attacked with probability 0.5, using the detector as it is at that moment and a "
        "sigma drawn uniformly from 0 to 1."
    )
    if scores.reads(shown):
        freezing.show_freezing(shown, scores.chain_for(shown).usual_point)


def computed() -> str:
    """Shapes and parameters that follow from the quoted description."""
    net = build(SelectedVGG, SelectedVGG.usual_point)
    count = sum(weight.numel() for weight in net.parameters())
    shape = " × ".join(map(str, SelectedVGG.attachments[SelectedVGG.usual_point].shape))
    return (
        f"Not quoted but computed here, from this description: the fourth max-pooling gives {shape} "
        f"for pictures of 224 × 224, and the detector has {count:,} parameters."
    )


def pipeline() -> str:
    """How a static detector is trained, as HTML."""
    steps = (
        ("", "Train the classifier", "on clean pictures"),
        ("", "Double the data", "one adversarial picture for each clean one"),
        ("frozen", "Freeze the classifier", "weights and statistics of its batch normalisation"),
        ("detector", "Train the detector", "to tell the two halves apart, by the activations"),
    )
    return boxes(steps, "How a detector is trained")


def boxes(steps: Iterable[tuple[str, str, str]], label: str) -> str:
    """Numbered boxes with arrows between them, as HTML: of each its kind, its head and its words."""
    made = "".join(
        f"<div class='{kind}' role=listitem><b>{escape(head)}</b>{escape(text)}</div>"
        for kind, head, text in steps
    )
    return f"{CSS}<div class=pipeline role=list aria-label='{escape(label)}'>{made}</div>"


def settings(index: dict[str, dict], model: str = results.MODEL) -> str:
    """A Markdown table of what the paper used and what the index says of the bundled weights."""
    classifier = index[model]
    own = classifier["recipe"]
    usual = model == results.MODEL
    trained = [
        e
        for e in index.values()
        if e.get("method") == "subnetwork" and e["model"] == model and e["recipe"]["start"] is None
    ]
    counts = sorted({e["n"] for e in trained})
    epochs = sorted({e["epochs"] for e in trained})
    schedule, rate, momentum, accuracy, detector_epochs = PAPER if usual else PAPER_ON_PHOTOGRAPHS
    rows = [
        ("classifier", schedule, f"{own['epochs']} epochs"),
        ("learning rate", rate, f"{_cycles(own)} up to {own['peak_rate']}, averaged weights"),
        ("momentum", momentum, f"{own['momentum']}, Nesterov"),
        ("accuracy on the test set", accuracy, share(classifier["accuracy"])),
    ]
    if trained:
        recipe = trained[0]["recipe"]
        betas = "β₁ {}, β₂ {}".format(*recipe["betas"])
        rows += [
            ("detector, pictures", "all for training", " or ".join(f"{n:,}" for n in counts)),
            ("detector, epochs", detector_epochs, " or ".join(map(str, epochs))),
            ("Adam", "0.0001, β₁ 0.99, β₂ 0.999", f"{recipe['rate']:.4f}, {betas}"),
        ]
    return table(("setting", "paper", "here"), rows)


def _cycles(recipe: dict) -> str:
    number = recipe.get("cycles", 1)
    return "one cycle" if number == 1 else f"{number} cycles"
