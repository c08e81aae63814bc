"""What an attack may take is said before it runs."""

import pytest

from robust_core import attacks
from robust_core.dashboard import pace


def test_queries_are_counted_by_the_budget_and_steps_by_their_gradients():
    square = attacks.create("square", max_queries=2000)
    assert pace.passes_of(square) == 2000
    assert pace.ahead(square, 0.01) == "up to 2,000 queries, at most about 20 seconds"
    pgd = attacks.create("pgd", steps=40)
    assert pace.passes_of(pgd) == 3 * pgd.observations
    assert "steps, at most about 1 second" in pace.ahead(pgd, 0.001)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (5400, "1.5 hours"),
        (86_400, "1 day"),
        (86_400 * 1234, "1,234 days"),
    ],
)
def test_times_are_said_in_the_unit_that_suits(seconds, words):
    assert pace.span(seconds) == words
