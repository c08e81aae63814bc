"""HTML of the page Detectors: the panel of scores escapes its words."""

from robust_core.dashboard.detectors import markup
from robust_core.experiment.detection import Detection
from robust_core.experiment.panel import Panel


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
