"""The detector on the page: its part in the key and the command, its bars, its badge."""

import json
import re
import shlex
from dataclasses import fields, replace
from html.parser import HTMLParser

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.__main__ import main
from robust_core.classifier import Provenance
from robust_core.dashboard.attack.export import conditions
from robust_core.dashboard.detector_choice import badge, bars
from robust_core.experiment.detection import Detection

NAME = "cifar10-resnet32-ad2-bim-2-255"
OTHER = "cifar10-resnet32-ad4-deepfool"


@pytest.fixture
def asked(bundle, make_request):
    """``asked(attack, detector, ...)``: the page's request on the cat, with two random detectors."""
    bundle(NAME)
    bundle(OTHER, seed=1, point="AD(4)")

    def make(attack="fgsm", detector=NAME, **parameters):
        plain = make_request("fgsm", sample="chelsea", model="cifar10-resnet32", eps=0.03)
        if attack == "fgsm":
            return replace(plain, detector=detector)
        lazy, wished = zoo.LazyDetector(detector), {"eps": 0.03, "steps": 2, "search_steps": 1}
        known = {spec.name for spec in fields(attacks.get(attack))}
        given = {k: v for k, v in wished.items() if k in known} | parameters
        built = attacks.create(attack, detector=lazy, **given)
        return replace(plain, attack=built, detector=detector)

    return make


def test_the_detector_is_a_part_of_the_key(asked):
    requests = [
        *(asked("fgsm", name) for name in (NAME, OTHER, None)),
        *(asked("dynamic", name) for name in (NAME, OTHER)),
        asked("dynamic", sigma=0.5),
    ]
    keys = [request.key() for request in requests]
    assert len(set(keys)) == len(keys)
    assert keys == [request.key() for request in requests]


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        *(("fgsm", name) for name in (NAME, OTHER, None)),
        *((attack, NAME) for attack in attacks.names(pair=True)),
        ("dynamic", OTHER),
    ],
)
def test_page_and_command_line_give_the_same_scores(asked, perform, capsys, attack, name):
    request = asked(attack, name)
    words = shlex.split(request.command())
    assert words[words.index("--detector") + 1] == (name or "none")
    capsys.readouterr()
    assert main([*words[3:], "--json", "--device", "cpu"]) == 0
    there, here = json.loads(capsys.readouterr().out), perform(request).summary()
    same = set(here) - {"seconds"}
    assert {k: there[k] for k in same} == {k: here[k] for k in same}
    assert (here["detector"] or {}).get("name") == name


def test_the_command_of_a_model_without_detectors_is_silent_on_them(asked, make_request):
    assert "--detector" not in make_request().command()


def test_the_attack_gets_the_loaded_detector(asked, perform):
    request = asked("dynamic", sigma=1.0)
    experiment = perform(request)
    assert experiment.detection.adversarial < experiment.detection.clean
    assert request.parameters == experiment.parameters
    assert experiment.parameters["detector"] == NAME


def test_the_archive_names_the_file(asked, perform):
    request = asked()
    told = conditions(request, perform(request))
    assert told["detector_sha256"] == zoo.index()[NAME]["sha256"]
    assert told["detector"]["name"] == NAME


def detection(clean: float, adversarial: float, threshold: float) -> Detection:
    class Fixed:
        name = "fixed"
        provenance = Provenance("none")

    Fixed.threshold = threshold
    odds = torch.tensor([clean, adversarial, adversarial]).logit()
    return Detection.of(Fixed(), odds[:1], odds[1:])


@pytest.mark.parametrize(
    ("clean", "adversarial", "word"),
    [(0.2, 0.8, " Detected"), (0.2, 0.3, " Not detected"), (0.6, 0.9, " False alarm")],
)
def test_a_badge_for_each_case(clean, adversarial, word):
    assert word in badge(detection(clean, adversarial, 0.5))


def test_bars_are_as_long_as_the_scores_and_both_are_crossed_by_the_threshold():
    html = bars(detection(0.125, 0.75, 0.5), "AD(2), BIM")
    widths = re.findall(r"class=(\w+) style='width:([\d.]+)%'", html)
    assert widths == [("clean", "12.50"), ("adversarial", "75.00")]
    assert re.findall(r"left:([\d.]+)%", html) == ["50.00"] * 2
    assert all(number in html for number in ("0.125", "0.750", "0.500"))


def test_bars_say_in_words_what_they_show_and_names_are_text():
    class Reader(HTMLParser):
        tags, label = (), ""

        def handle_starttag(self, tag, attributes):
            self.tags += (tag,)
            self.label = dict(attributes).get("aria-label", self.label)

    reader = Reader()
    reader.feed(bars(detection(0.125, 0.75, 0.5), "<script>'x"))
    assert "script" not in reader.tags
    assert "<script>'x: score 0.125 before, 0.750 after; threshold 0.500" in reader.label
