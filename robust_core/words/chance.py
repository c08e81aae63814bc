"""How often a picture reaches its goal before a random defence, in a sentence."""

from robust_core.evaluation.draws import Chance
from robust_core.words.numbers import share


def in_draws(chance: Chance) -> str:
    """Of fresh draws, with the interval of the probability."""
    low, high = (share(end, 0) for end in chance.interval)
    return (
        f"Reaches its goal in {chance.count} of {chance.n} fresh draws of the defence "
        f"(95 %: {low} to {high})"
    )
