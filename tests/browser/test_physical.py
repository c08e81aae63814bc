"""Physical world: the camera moves before a sign, a poster is made and stopped, a part is changed."""

import re

from robust_core import zoo
from robust_core.attacks.physical.poses import Pose
from robust_core.dashboard.physical.sign_controls import FEET
from robust_core.evaluation.physical import plan
from robust_core.experiment.road_signs import POSTER, in_scene
from robust_core.words.numbers import percent
from tests.browser.conftest import AT_REST
from tests.live import assert_fits


def told(pose: Pose) -> str:
    """What the network says of the two bars from there."""
    model = zoo.load(plan.SIGN_MODEL, "cpu")
    poster = zoo.load_poster(f"{plan.SIGN_MODEL}-art")
    look = in_scene(model, poster.sign, poster.poster, pose)[POSTER]
    return f"{model.class_names[look.said]} {percent(look.shares[look.said])}"


FITS = """() => { const main = document.querySelector('[data-testid=stMain]');
  return main.scrollWidth <= main.clientWidth; }"""


def test_the_camera_moves_and_a_poster_is_stopped(opening):
    page = opening("physical?sign_steps=200&sign_places=24", ".looks figure", 1280, 900)
    page.wait_for_function(AT_REST)
    with_it = page.locator(".looks figcaption").nth(1)
    assert told(Pose(distance=float(FEET))) in with_it.inner_text()
    street = page.locator(".st-key-street img")
    before = street.get_attribute("src")
    page.get_by_role("slider", name="Distance").press("End")
    page.get_by_text("80 feet (24.4 m) away, straight ahead").wait_for()
    page.wait_for_function(AT_REST)
    assert street.get_attribute("src") != before
    assert told(Pose(distance=80.0)) in with_it.inner_text()
    assert "sign_feet=80" in page.url

    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(AT_REST)
    page.wait_for_function(FITS)  # charts take their new width a moment later
    assert_fits(page, "on a phone")
    page.get_by_role("button", name="Make it here, live").click()
    page.get_by_text(re.compile(r"Loss [\d.]+ after [1-9]\d* steps")).first.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text(re.compile(r"Stopped\. What \d+ of 200 steps have made stays")).wait_for()
    page.get_by_role("button", name="Run it again").wait_for()
    page.get_by_text(re.compile(r"unfinished: \d+ of 200 steps")).wait_for()
    page.locator(".looks figure").nth(2).wait_for()
    page.get_by_role("button", name="Show the bundled one").click()
    page.get_by_text("made beforehand on").wait_for()
    page.wait_for_function(AT_REST)

    page.get_by_role("radio", name="Are they plausible?").click()
    page.get_by_text("Are such attacks plausible outside the computer?").wait_for()
    page.wait_for_function(AT_REST)
    assert "part=plausible" in page.url
    assert_fits(page, "on a phone, the discussion")
