"""The detector beside the classifier: choosing one, and its scores of the picture before and after."""

from html import escape

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import fixed
from robust_core.dashboard.settings import setting_among
from robust_core.experiment.detection import Detection
from robust_core.experiment.perform import Experiment
from robust_core.words.detectors import hints, origin, title

NONE = "none"
BADGES = {True: "Detected", False: "Not detected"}
HELP = (
    "A second network that reads what the classifier computes, and says whether a picture is adversarial. "
    "Attacks are unaware of it, except those made to fool both."
)


def choose_detector(model: zoo.Description) -> str | None:
    """The name of a detector of ``model``; nothing is shown where it has none."""
    entries = entries_of(model.name)
    if not entries:
        return None
    chosen = st.selectbox(
        fixed.label("Detector", "detector"),
        [*entries, NONE],
        format_func=lambda name: title(entries[name]) if name in entries else NONE,
        key=_state(model, entries),
        persist_state="session",
        disabled=fixed.locked("detector"),
        help=HELP,
    )
    return None if chosen == NONE else chosen


def kept_detector(model: zoo.Description) -> str | None:
    """The same without a control: as chosen on the page Attack, or in the link."""
    entries = entries_of(model.name)
    if not entries:
        return None
    chosen = st.session_state[_state(model, entries)]
    return None if chosen == NONE else chosen


def entries_of(model: str) -> dict[str, dict]:
    """The model's detectors; none where the index is damaged, which loading the classifier then reports."""
    if model not in zoo.bundled():
        return {}
    try:
        index = zoo.index()
        return {name: index[name] for name in zoo.detectors(model)}
    except zoo.ZooError:
        return {}


def _state(model: zoo.Description, entries: dict[str, dict]) -> str:
    """The key of the setting, which holds a detector of this model or ``NONE``."""
    options = [*entries, NONE]
    default = zoo.default_detector(model.name) or NONE
    return setting_among(  # another model may have been chosen, with other detectors
        "detector",
        default,
        options,
        called="Detector",
        shown=lambda name: title(entries[name]) if name in entries else "no detector",
    )


def badge(detection: Detection) -> str:
    """The verdict in a word or two, shown beside the one on the classifier."""
    word = "False alarm" if detection.flagged_clean else BADGES[detection.flagged]
    return f":violet-badge[:material/policy: {word}]"


def name_of(detection: Detection) -> str:
    """What the detector is called; its plain name where the index lacks it."""
    entry = zoo.index().get(detection.name)
    return title(entry) if entry else detection.name


def show_detection(experiment: Experiment) -> None:
    """Verdict, both scores against the threshold, hints, and where the detector comes from."""
    detection = experiment.detection
    if detection is None:
        return
    entry = zoo.index().get(detection.name)
    with st.container(key="detection", gap=None):
        st.markdown(" ".join(filter(None, [f"**{detection.verdict}**", detection.rounded])))
        st.html(bars(detection, name_of(detection)))
        far = experiment.judged
        for hint in hints(detection, far.linf, far.l2):
            st.caption(f":material/info: {hint}")
        if entry:
            st.caption(origin(entry))


def bars(detection: Detection, name: str) -> str:
    """Two bars from 0 to 1, the adversarial one hatched, with the threshold across both, as HTML."""
    before, after, threshold = detection.words
    rows = "".join(
        f"<span>{label}</span><div><i class={label} style='width:{100 * score:.2f}%'></i>"
        f"<b style='left:{100 * detection.threshold:.2f}%'></b></div><span>{words}</span>"
        for label, score, words in (
            ("clean", detection.clean, before),
            ("adversarial", detection.adversarial, after),
        )
    )
    alt = f"Detector {name}: score {before} before, {after} after; threshold {threshold}."
    return (
        f"<div class=detection role=img aria-label='{escape(alt)}'>"
        f"<small>{escape(name)}: score from 0 to 1; the line is the threshold, {threshold}</small>"
        f"{rows}</div>"
    )
