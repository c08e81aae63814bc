"""Threat models: the filter offers every value that exists, and lists the attacks that have them."""

import pytest

from robust_core import attacks
from robust_core.dashboard.threat_models import axes
from robust_core.paths import ROOT
from robust_core.words import threat_model
from tests.visiting import ran, visit


def listed(page) -> set[str]:
    """The titles of the attacks on the page."""
    titles = {attacks.get(name).title for name in axes.everything()}
    return titles & {link.proto.label for link in page.get("page_link")}


def test_any_value_lists_every_attack_and_each_axis_offers_what_exists():
    page = ran(visit("threat_models"))
    names = axes.everything()
    assert listed(page) == {attacks.get(name).title for name in names}
    for axis in threat_model.AXES:
        (chips,) = (c for c in page.segmented_control if c.key == f"threat_{axis}")
        there = {v for name in names for v in threat_model.values(attacks.get(name), axis)}
        assert len(chips.options) == 1 + len(there)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"threat_scope": "universal"}, {"uap", "uap-l2", "uap-sgd", "patch"}),
        ({"threat_channel": "physical"}, {"eot"}),
        ({"threat_knowledge": "transfer", "threat_goal": "source-target"}, {"substitute"}),
        ({"threat_knowledge": "labels", "threat_goal": "confidence-reduction"}, set()),
    ],
)
def test_a_link_chooses_values_and_the_attacks_are_those_that_have_them(query, names):
    page = ran(visit("threat_models", **query))
    assert listed(page) == {attacks.get(name).title for name in names}
    assert bool(names) != any("No attack here" in info.value for info in page.info)


def test_every_attack_opens_on_a_page():
    for name in axes.everything():
        script, query = axes.opens(name)
        assert (ROOT / script).is_file()
        assert query
