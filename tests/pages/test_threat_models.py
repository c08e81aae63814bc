"""Threat models: the filter offers every value that exists, and lists the attacks that have them."""

from dataclasses import replace

import numpy as np
import pytest

from robust_core import attacks, data, imaging
from robust_core.dashboard import picture_input
from robust_core.dashboard.threat_models import axes, batch, goals, measures
from robust_core.data.fitting import to_tensor
from robust_core.paths import ROOT
from robust_core.words import threat_model
from tests.visiting import ran, text, visit


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


def test_four_goals_are_pursued_and_each_verdict_is_that_of_its_predicate():
    page = ran(visit("threat_models"))
    own = goals.request()
    label = own.label
    four = goals.asked(label, (label + 1) % 10, own.model.class_names)
    assert [each.title for each in four] == [
        "Less confidence",
        "Untargeted",
        "Targeted",
        "Source-target",
    ]
    found = {each.title: replace(own, goal=each.goal).work(lambda *_: None) for each in four}
    for each in four:
        result = found[each.title]
        said = result.after[0].index
        reached = {
            "Less confidence": result.confidence_after[label] <= goals.DOWN_TO,
            "Untargeted": said != label,
        }.get(each.title, said == (label + 1) % 10)
        assert result.success == reached
        told = "**Reached**" if reached else "**Not reached**"
        assert any(m.value.startswith(told) for m in page.markdown)
    less = found["Less confidence"]
    assert less.success
    assert less.after[0].index == label, "the label stays"


def test_on_a_batch_source_target_leaves_all_other_pictures_alone():
    tally = batch.work(1, 7)
    _, labels = data.get("digits").stored("test")
    assert tally.pictures == (labels[: batch.MANY] == 1).sum()
    assert tally.others == batch.MANY - tally.pictures
    assert tally.changed == 0
    assert 0 < tally.became <= tally.pictures
    page = ran(visit("threat_models", batch_source="3", batch_target="3"))
    assert "Choose two different classes." in [info.value for info in page.info]


def test_distances_of_two_files_are_those_of_the_core():
    first = np.zeros((24, 25, 3), np.uint8)
    second = first.copy()
    second[1, 2] = 51
    measured = {
        name: value for name, value, _ in measures.measures(*map(to_tensor, (first, second)))
    }
    assert measured["L0"] == "1 px"
    assert measured["L1"] == "0.6"
    assert measured["Linf"] == "51/255"
    page = ran(visit("threat_models"))
    assert {metric.label for metric in page.metric} == measured.keys()
    ran(page.toggle(key="measure_own").set_value(True).run())
    for part, pixels in (("first", first), ("second", second)):
        key = f"measured_{part}_{picture_input.STARTED}"
        page.file_uploader(key=key).upload(f"{part}.png", imaging.png(pixels), "image/png")
    shown = {metric.label: metric.value for metric in ran(page.run()).metric}
    assert shown == measured
    key = f"measured_second_{picture_input.STARTED}"
    page.file_uploader(key=key).set_value(("b.png", imaging.png(first[:20]), "image/png"))
    assert any("one size" in info.value for info in ran(page.run()).info)


def test_source_target_is_chosen_on_attack_by_two_classes():
    link = {"model": "digits-cnn", "attack": "pgd", "eps": "0.15", "target_digits": "source-target"}
    first = ran(visit(None, **link))
    own = first.selectbox(key="source_digits").value
    page = ran(visit(None, **link, reach_digits="8"))
    assert page.selectbox(key="reach_digits").value == "8"
    assert f'"{own}"' in text(page)
    assert "--target 8" in "\n".join(
        code.value for code in ran(visit(None, **link, reach_digits="8", depth="Reproduce")).code
    )
    page.selectbox(key="source_digits").set_value("5").run()
    assert any(
        "source must be the picture's own class" in each.value.lower() for each in page.error
    )
