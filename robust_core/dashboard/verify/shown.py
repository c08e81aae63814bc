"""One picture on the page: the eps line while it closes, then the sandwich and the layers at one radius."""

import shlex

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import plots
from robust_core.dashboard.verify import charts, pictures, running, words, zones
from robust_core.dashboard.verify.choice import Subject
from robust_core.experiment import verifiable
from robust_core.experiment.sandwich import Exact, Sandwich
from robust_core.experiment.verified import MOST_UNSTABLE, Line
from robust_core.verification.checks import CROWN, IBP

QUICK = 60
"""Undecided ReLUs up to which integer programs begin by themselves."""
PATIENCE = 30.0
"""Seconds that bounds at one radius may take at most, to begin by themselves."""


def show(subject: Subject, eps: float) -> None:
    """All about one picture."""
    headline = st.empty()
    st.caption(words.IDEA)
    stage, status = st.empty(), st.container()
    below = st.container()
    label = subject.chosen.true_label or "the network's own answer"

    def draw(line: Line) -> None:
        if line.right:
            stage.html(zones.html(line, eps))
        headline.markdown(f"## {words.headline(line, label)}")
        _shown()[subject.key()] = line

    if not any(key == subject.key() for key in _shown()):
        _shown().clear()
        headline.markdown("## Bounds and attacks close in.")
    else:
        draw(_shown()[subject.key()])
    with status:
        line = _open(subject, draw)
    if line is None:
        return
    draw(line)
    if not line.right:
        stage.info("Choose another picture or another network.")
        return
    with below:
        found = running.at(subject, eps)
    quick = found is not None and found.unstable[CROWN] <= QUICK
    with status:
        line = _close(subject, line, quick, draw)
    told = words.under_the_line(line)
    if told:
        with status:
            st.caption(told)
    if found is not None:
        with below:
            _at(subject, found, eps, quick, line.roomy)


def _open(subject: Subject, draw) -> Line | None:
    """The line by bounds and attacks; of a large network when it is asked for."""
    about = verifiable.known(subject.model.name)
    key = running.bounds_key(subject)
    if running.wanted(key, about.longest <= PATIENCE):
        return running.close_by_bounds(subject, draw)
    running.offer(key, "Bound this network", "verify_bounds")
    st.caption(words.cost_of_bounds(about.neurons, about.longest))
    return None


def _close(subject: Subject, line: Line, quick: bool, draw) -> Line:
    """The line after integer programs, where they can help, and begin by themselves or are asked for."""
    if line.dear or not line.gap:
        return line
    key = running.programs_key(subject)
    if running.wanted(key, quick):
        closed = running.close_by_programs(subject, line, draw)
        if closed is not None:
            draw(closed)
            return closed
        return _shown().get(subject.key(), line)
    running.offer(key, "Close the gap with integer programs", "verify_programs")
    st.caption(words.cost_of_programs(line))
    return line


def _at(subject: Subject, found: Sandwich, eps: float, quick: bool, roomy: bool) -> None:
    """The sandwich, what PGD and the solver found, and the layers."""
    headline = st.empty()
    headline.markdown(f"## {words.at_eps(found, None)}")
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        place = st.empty()
        st.caption(words.sandwich_legend(found))
    with right:
        stage, told = st.empty(), st.container()
    alt = charts.margins_alt(found)
    with place:
        plots.draw(charts.margins(found, None), key="verify_margins_before", alt=alt)
    clean = subject.pixels()
    stage.html(pictures.html(clean, found, None))
    with told:
        exact = _solve(subject, found, eps, quick) if roomy else None
        st.caption(words.pgd(found))
        if exact is not None:
            st.caption(words.solver(exact))
    if exact is not None:
        headline.markdown(f"## {words.at_eps(found, exact)}")
        stage.html(pictures.html(clean, found, exact))
        with place:
            plots.draw(charts.margins(found, exact), key="verify_margins", alt=alt)
    st.code(command(subject, eps, exact), language=None, wrap_lines=True)
    _layers(found)


def _solve(subject: Subject, found: Sandwich, eps: float, quick: bool) -> Exact | None:
    key = running.exact_key(subject, eps)
    if running.wanted(key, quick):
        return running.exactly(subject, eps)
    undecided = f"{found.unstable[CROWN]:,} ReLUs are undecided"
    if found.unstable[CROWN] > MOST_UNSTABLE:
        st.caption(f"{undecided}: too many for integer programs.")
        return None
    running.offer(key, "Ask the solver", "verify_exact")
    st.caption(f"{undecided}: this may take up to half a minute.")
    return None


def _layers(found: Sandwich) -> None:
    """Bands of each layer, in pairs."""
    loose, tight = found.layers[IBP], found.layers[CROWN]
    st.markdown(
        f"## Undecided at eps {found.eps:g}: {found.unstable[IBP]:,} of {found.neurons:,} ReLUs by IBP, "
        f"{found.unstable[CROWN]:,} by CROWN"
    )
    st.caption(words.LAYERS)
    for start in range(0, len(tight), 2):
        columns = st.columns(2, gap="medium")
        for k in range(start, min(start + 2, len(tight))):
            undecided = (
                f"{int(loose[k].unstable):,} undecided by IBP, {int(tight[k].unstable):,} by CROWN"
            )
            with columns[k - start]:
                st.markdown(f"**Layer {k + 1}**: {undecided}")
                plots.draw(
                    charts.layer(loose[k], tight[k]),
                    key=f"verify_layer_{k}",
                    alt=f"Bounds before the ReLUs of layer {k + 1}: {undecided}.",
                )


def command(subject: Subject, eps: float, exact: Exact | None) -> str:
    """The command line that verifies the same."""
    method = "crown-optimised" if exact is None else "milp"
    guest = zoo.guest(subject.model.name)
    said = ["python", "-m", "robust_core", "verify", subject.chosen.reference]
    said += guest.options if guest else ["--model", subject.model.name]
    said += ["--eps", f"{eps:g}", "--method", method]
    return shlex.join(said)


def _shown() -> dict[str, Line]:
    """The line that is on the page: what was shown before a stop stays."""
    return st.session_state.setdefault("_verify_line", {})
