"""HTML of the page Detectors: the chain counts every weight once, and the panel escapes its words."""

import pytest

from robust_core.dashboard.detectors import markup
from robust_core.experiment.detection import Detection
from robust_core.experiment.panel import Panel
from robust_core.models import ResNet32
from robust_core.models.detector import build


def count(network) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_parts_of_the_chain_are_those_of_the_network():
    parts, detectors, whole = markup.parameters(10)
    assert whole == count(ResNet32())
    assert parts["AD(0)"] == 0
    assert sum(parts.values()) < whole  # the rest is the head, shown at the end
    assert detectors == {point: count(build(ResNet32, point)) for point in ResNet32.attachments}


@pytest.mark.parametrize("point", ResNet32.attachments)
def test_the_chosen_point_alone_is_marked(point):
    html = markup.chain(point, 10)
    assert html.count("class='here'") == 1
    before = html.split("class='here'")[0]
    assert before.count("class=stage") == list(ResNet32.attachments).index(point)
    assert markup.shape(point) in markup.about(point, 10)


def detection(clean: float, adversarial: float) -> Detection:
    flags = (score > 0.5 for score in (clean, adversarial, adversarial))
    return Detection("one", 0.5, clean, adversarial, adversarial, *flags)


def test_a_row_says_what_the_detector_answers_and_where_it_was_wrong():
    html = markup.table(Panel({"one": detection(0.1, 0.9)}, {}), {"one": "<b>One</b>"}, set())
    assert "&lt;b&gt;One&lt;/b&gt;" in html
    assert "false alarm" not in html
    assert "class=here" not in html
    assert "width:90.00%" in html
    alarm = markup.table(Panel({"one": detection(0.8, 0.9)}, {}), {"one": "One"}, {"one"})
    assert "false alarm" in alarm
    assert "class=here" in alarm
