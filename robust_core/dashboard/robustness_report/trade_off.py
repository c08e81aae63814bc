"""The tab of the trade-off: what robustness costs, under attack; and below it what is promised instead."""

import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.robustness_report.promised_charts import (
    RADIUS,
    Proved,
    certified_chart,
    proofs_on,
    proved_chart,
    size,
)
from robust_core.dashboard.robustness_report.trade_off_charts import (
    published_for,
    trade_off_chart,
)
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import CERTIFIED
from robust_core.evaluation.verification import results as verification


def show(report: Report) -> None:
    """The attack's chart, then proofs in Linf and certificates in L2, which are not to be compared."""
    published = published_for(report)
    plots.draw(trade_off_chart(report), key="report_trade", alt="Clean against robust accuracy.")
    st.caption(
        "Filled: PGD with 20 steps by an aware attacker. Hollow: the ensemble of four "
        "attacks, on fewer pictures, so by chance sometimes above it. Whiskers: 95 % intervals (Wilson). "
        "Robustness is paid for with clean accuracy."
        + (" Grey crosses are published figures, not measured here." if published else "")
    )
    proofs = proofs_on(report.data, verification.report())
    certified = report.rows(CERTIFIED)
    if not proofs and not certified:
        return
    st.markdown("### What is proved, whatever the attack")
    left, right = st.columns(2, gap="medium")
    if proofs:
        with left:
            _proofs(report, proofs)
    if certified:
        with right if proofs else left:
            _certificates(report)


def _proofs(report: Report, proofs: list[Proved]) -> None:
    """Networks of their own, at a radius of the suite: that of the report, where it has it."""
    radii = {f"{one.job.eps:.4g}": one.job.eps for one in proofs}
    words = {name: size(eps, proofs[0].job.part) for name, eps in radii.items()}
    own = f"{report.eps:.4g}"
    st.markdown("**Proved**, every picture within eps in **Linf**")
    key = f"report_{report.suite}_proved_at"
    chosen = choose_one("eps of the proofs", words, key, own if own in radii else list(radii)[-1])
    found = [one for one in proofs if one.job.eps == radii[chosen]]
    told = "; ".join(f"{one.job.model} {one.tight.value:.0%}" for one in found)
    plots.draw(proved_chart(found), key="report_proved", alt=f"Clean against proved: {told}.")
    st.caption(
        f"Small networks, which can be proved: not {report.model}. Filled: proved by bounds or integer "
        "programs. Hollow: what PGD towards each class left at the same eps. Nobody knows about the "
        f"pictures between the two. {found[0].counts.n} pictures, whiskers as above. Made by: "
        f"`{verification.COMMAND}`"
    )


def _certificates(report: Report) -> None:
    st.markdown("**Certified**, every picture within a length in **L2**")
    plots.draw(
        certified_chart(report),
        key="report_certified_at",
        alt=f"Right and certified against certified to {RADIUS:g} in L2.",
    )
    st.caption(
        f"Of {report.model}, at a radius of {RADIUS:g}; all radii are under Certified radius. A length in "
        "L2 and a largest change of each pixel are different promises: the two charts cannot be compared."
    )
