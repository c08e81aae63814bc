"""Verdicts from the engine: computed once, with progress and a button that stops them."""

from collections.abc import Callable

from robust_core.dashboard import lab
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.challenges.judge import PICTURES, Attempt, Verdict, judge, try_out


def tried(attempt: Attempt, picture: int) -> Verdict | None:
    """What the attack does to one picture; None where that was stopped or refused."""

    def work(progress: Reporter) -> Verdict:
        return on_cpu_if_out_of_memory(
            lambda device: try_out(attempt, picture, progress=progress, device=device),
            best_device(),
            on_notice=progress.notice,
        )

    return _compute(
        _key(attempt, picture=picture), work, "challenge_try", type(attempt.attack).title
    )


def judged(attempt: Attempt, seed: int, channel: str) -> Verdict | None:
    """The verdict on held-out pictures; None where it was stopped or refused."""

    def work(progress: Reporter) -> Verdict:
        return on_cpu_if_out_of_memory(
            lambda device: judge(attempt, seed, progress=progress, device=device),
            best_device(),
            on_notice=progress.notice,
        )

    doing = f"The verdict on {PICTURES} held-out pictures"
    return _compute(key_of_verdict(attempt, seed), work, channel, doing)


def key_of_verdict(attempt: Attempt, seed: int) -> str:
    """The key of the verdict on pictures that ``seed`` draws."""
    return _key(attempt, seed=seed, n=PICTURES)


def _compute(
    key: str, work: Callable[[Reporter], Verdict], channel: str, doing: str
) -> Verdict | None:
    return lab.compute(
        key, work, channel=channel, doing=doing, words=lambda k, n: f"{100 * k // n} %"
    )


def _key(attempt: Attempt, **others: int) -> str:
    attack = attempt.attack
    return key_of(
        page="challenges",
        challenge=attempt.challenge.number,
        attack=attack.name,
        parameters=attack.parameters,
        way=str(attempt.way),
        others=others,
    )
