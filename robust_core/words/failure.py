"""Flags of a model and indicators of a run, in sentences."""

from robust_core.evaluation.flags import Flags
from robust_core.experiment.failure import Failure


def flags_sentence(flags: Flags) -> str:
    """How many flags are raised."""
    n = len(flags.raised)
    if not n:
        return "No flag is raised: the usual attacks fit this model."
    return (
        f"{n} flag{'s are' if n > 1 else ' is'} raised: the usual attacks may not fit this model."
    )


def failure_sentence(failure: Failure) -> str:
    """Whether a failed attack says anything about the model."""
    if not failure.failed:
        return "The attack reaches its goal: there is no failure to explain."
    n = len(failure.reasons)
    if not n:
        return "The attack fails, and no indicator says that the fault is its own."
    kinds = "indicator says" if n == 1 else "indicators say"
    return f"The attack fails, and {n} {kinds} why: this is no credit to the model."
