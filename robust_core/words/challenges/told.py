"""Challenges and verdicts in sentences; Markdown with ``**bold**`` and code in backticks alone."""

import math
from dataclasses import fields

from robust_core.attacks import Attack
from robust_core.evaluation.challenges.judge import LEAST, Attempt, Verdict
from robust_core.evaluation.challenges.ladder import CERTIFICATES, DECIDED, Challenge
from robust_core.evaluation.challenges.proofs import METHOD, VOTES
from robust_core.evaluation.challenges.ways import Way, fits
from robust_core.evaluation.draws import Share
from robust_core.words.challenges.prose import MISSING, WAYS
from robust_core.words.numbers import decimal, number, on_both_scales, share

PROBABILITIES = (
    "As deployed it answers with probabilities in float32: the loss was their cross-entropy, whatever "
    "loss was chosen."
)


def defended(challenge: Challenge) -> str:
    """What is deployed: ``digits-cnn behind JPEG compression (quality 75)``."""
    defense = challenge.defense
    if defense is None:
        return challenge.network
    changed = [
        f"{spec.name.replace('_', ' ')} {value}"
        for spec in fields(defense)
        if spec.name in ("quality", "width", "temperature", "sigma", "smallest")
        and (value := getattr(defense, spec.name)) is not None
    ]
    return f"{challenge.model} behind {defense.title}" + (
        f" ({', '.join(changed)})" if changed else ""
    )


def ball(challenge: Challenge) -> str:
    """The ball: ``Linf 0.15 (38.3/255)``, ``L2 0.25``."""
    if challenge.norm == "l2":
        return f"L2 {challenge.eps:g}"
    return f"Linf {on_both_scales(challenge.eps)}"


def goal(challenge: Challenge) -> str:
    """What has to be reached, in a sentence or two."""
    limit = (
        f"No change may be longer than {challenge.eps:g} in L2"
        if challenge.norm == "l2"
        else f"No pixel may move by more than {on_both_scales(challenge.eps)}, Linf"
    )
    return (
        f"Of the {challenge.record.title} test pictures that **{defended(challenge)}** gets "
        "right when clean, at "
        f"most **{share(challenge.mark, 0)}** may stay right. {limit}."
    )


def verdict_word(verdict: Verdict) -> str:
    """SUCCESS, or not yet; where a proof keeps the mark out of reach, that."""
    if verdict.success:
        return "SUCCESS"
    return "Out of reach" if out_of_reach(verdict) else "Not yet"


def out_of_reach(verdict: Verdict) -> bool:
    """Whether so much is proved that no attack can meet the mark."""
    return verdict.floor is not None and verdict.floor.value > verdict.challenge.mark


def with_interval(found: Share) -> str:
    """``12 of 97 (12.4 %; 95 % interval 7.2 % to 20.4 %)``."""
    low, high = map(share, found.interval)
    told = f"{found.count:g} of {found.n} ({share(found.value)}"
    return f"{told}; 95 % interval {low} to {high})"


def result(verdict: Verdict) -> str:
    """How many stay right under attack, beside the mark."""
    return (
        f"Under attack **{with_interval(verdict.accuracy)}** of the pictures that were right "
        "stay right; the mark is "
        f"{share(verdict.challenge.mark, 0)}."
    )


def details(verdict: Verdict) -> list[str]:
    """What else belongs to the result, a sentence each."""
    told = [f"Clean: {with_interval(verdict.clean_accuracy)} are right."]
    if verdict.outside:
        told.append(
            f"{verdict.outside} of the changes left the ball: they do not count, and their "
            "pictures count as right."
        )
    if verdict.zero_gradients:
        part = share(verdict.zero_gradients / verdict.steps, 0)
        told.append(f"At {part} of the steps the gradient of the loss was exactly zero.")
    if verdict.proof is not None:
        told.append(proof(verdict))
    return told + notes(verdict.attempt)


def proof(verdict: Verdict) -> str:
    """How much is proved, by what, and what that means for the mark."""
    floor = verdict.floor
    assert floor is not None
    how = (
        f"certified from {VOTES:,} votes, each certificate wrong with probability 0.001 at most"
        if verdict.challenge.proof == CERTIFICATES
        else f"proved by bounds ({METHOD})"
    )
    told = (
        f"{floor.count:g} of {floor.n} ({share(floor.value)}) are {how}: these stay right whatever "
    )
    told += "the attack."
    if out_of_reach(verdict):
        told += " That is above the mark, so nobody can meet it."
    return told


def certificate(verdict: Verdict, row: int) -> str:
    """What is proved of one picture: ``certified to 0.31 in L2``; empty for a challenge without a proof."""
    if verdict.proof is None:
        return ""
    holds, bound = bool(verdict.proof.holds[row]), verdict.proof.bound[row].item()
    if verdict.challenge.proof == CERTIFICATES:
        radius = f"to {number(bound)} in L2"
        return (
            f"certified {radius}"
            if holds
            else f"a certificate {radius}"
            if bound
            else "no certificate"
        )
    margin = decimal(bound) if math.isfinite(bound) else "below all"
    return f"proved, with a margin of {margin}" if holds else f"no proof, with a bound of {margin}"


def notes(attempt: Attempt) -> list[str]:
    """What the attempt comes down to, where that is less than it asks for: a sentence each."""
    defense, way = attempt.challenge.defense, attempt.way
    found = fits(defense, way)
    told = [] if found else [f"{MISSING[way]}: it was attacked as it is."]
    as_it_is = way is Way.AS_IT_IS or not found
    if as_it_is and defense is not None and defense.of_unaware(attempt.attack) != attempt.attack:
        told.append(PROBABILITIES)
    return told


def settings(attack: Attack) -> str:
    """The attack with its hyper-parameters: ``PGD, steps 20, loss ce``."""
    own = [
        f"{name.replace('_', ' ')} {_plain(value)}"
        for name, value in attack.parameters.items()
        if name not in DECIDED
    ]
    return ", ".join([type(attack).title, *own])


def _plain(value: object) -> str:
    if value is None:
        return "automatic"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def conditions(verdict: Verdict) -> str:
    """All that a verdict depends on."""
    challenge = verdict.challenge
    drawn = f", by most of {verdict.draws} fresh draws of the defence" if verdict.draws > 1 else ""
    return (
        f"{defended(challenge)}; {verdict.n} held-out test pictures of "
        f"{challenge.record.title}, drawn with seed "
        f"{verdict.seed}, which also seeds the attack; {ball(challenge)}; "
        f"{settings(verdict.attempt.attack)}; from "
        f"{WAYS[verdict.attempt.way]}{drawn}."
    )


def reproduce(verdict: Verdict) -> str:
    """Python that gives the same verdict."""
    challenge = verdict.challenge
    given = ", ".join(
        f"{name}={value!r}"
        for name, value in verdict.attempt.attack.parameters.items()
        if name not in DECIDED and name in _changed(verdict.attempt.attack)
    )
    weapon = ", ".join(filter(None, [f'"{verdict.attempt.attack.name}"', given]))
    return (
        "from robust_core.evaluation.challenges.judge import Attempt, judge\n"
        "from robust_core.evaluation.challenges.ladder import get\n"
        "from robust_core.evaluation.challenges.ways import Way\n\n"
        f"challenge = get({challenge.number})\n"
        f"attempt = Attempt(challenge, challenge.weapon({weapon}), Way({str(verdict.attempt.way)!r}))\n"
        f"verdict = judge(attempt, seed={verdict.seed}, n={verdict.n})\n"
        "print(verdict.success, verdict.accuracy)\n"
    )


def _changed(attack: Attack) -> set[str]:
    defaults = {spec.name: spec.default for spec in fields(attack)}
    return {name for name, value in attack.parameters.items() if value != defaults[name]}


def rules() -> str:
    """How a verdict is made, for the page and the sheet."""
    return (
        f"Each verdict is computed on at least {LEAST} test pictures, drawn afresh from those that cannot "
        "be tried out. Changes that leave the ball do not count. Nothing leaves this computer."
    )
