"""A report of made-up figures, and what a figure made of it draws."""

import pytest

from robust_core.evaluation.defense_table import results
from tests import fake_defenses


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = fake_defenses.write(tmp_path_factory.mktemp("report") / "defenses.json")
    return results.report(path)


def lines(figure):
    """The traces that have a name, by it."""
    return {trace.name: trace for trace in figure.data if trace.name}
