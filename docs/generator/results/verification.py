"""What is proved, what is broken: the measured suite of verification."""

import json

from docs.generator.markdown import table
from robust_core.commands.evaluation.verification import stamp_of
from robust_core.evaluation.verification import plan, results
from robust_core.evaluation.verification.measure import contradictions, summary
from robust_core.evaluation.verification.results import Report

STAR = "\\*"
TITLES = {"ibp": "IBP", "crown": "CROWN", "crown-optimised": "optimised CROWN", "milp": "MILP"}


def tables() -> str:
    """All parts that were measured; how to measure where there is nothing."""
    found = results.report()
    if found.lacking:
        return found.lacking
    parts = [_part(found, part) for part in plan.PARTS if found.jobs(part)]
    return "\n\n".join([*parts, f"Made by `{found.command}`."])


def _as_planned(job: plan.Job) -> bool:
    """Whether its rows were made under the conditions of the plan, time limits among them."""
    kept = json.loads(results.FILE.read_text(encoding="utf-8"))
    made = kept["parts"][job.part][job.key]
    return made["stamp"] == stamp_of(job, kept["weights"][job.model], kept["limit"])


def _part(found: Report, part: str) -> str:
    about = plan.PLAN[part]
    heads = {"model": "l", "eps": "r", "right when clean": "r"}
    heads |= {TITLES[method]: "r" for method in about.methods}
    heads |= {"broken": "r", "unknown": "r", "out of time": "r", "unstable ReLUs": "r"}
    rows, wrong, n = [], 0, 0
    for job in found.jobs(part):
        line = summary(found.rows[job], about.methods)
        wrong += len(contradictions(found.rows[job], about.methods))
        n = max(n, line.n)
        rows.append(
            (
                f"`{job.model}`{'' if _as_planned(job) else STAR}",
                f"{255 * job.eps:g}/255" if part == plan.CIFAR else f"{job.eps:g}",
                line.right,
                *line.proved.values(),
                line.broken,
                line.unknown,
                line.timed_out,
                f"{line.unstable:.0f}",
            )
        )
    time = (
        f" MILP has {about.seconds:g} s of processor time for a picture that neither bounds nor PGD "
        f"decide, and {about.settled:g} s for the exact minimum of another."
        if "milp" in about.methods
        else ""
    )
    note = (
        ""
        if all(map(_as_planned, found.jobs(part)))
        else f"\n\n{STAR} With shorter time limits, or other conditions, than stated here: "
        f"`{found.command}` makes it again."
    )
    return (
        f"**Pictures proved** (Linf) of the first {n} test pictures of {about.data}, by each method; "
        f"broken by PGD towards each class ({plan.STEPS} steps, {plan.RESTARTS} restarts) or by MILP's own "
        f"pictures, asked again of the network; unknown is the rest.{time} Unstable ReLUs are the mean "
        "that CROWN leaves undecided. Contradictions between the bounds, the exact minimum and the "
        f"attack: {wrong}.\n\n" + table(heads, rows) + note
    )
