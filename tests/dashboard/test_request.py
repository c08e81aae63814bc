"""Request: its key changes with everything that decides the result; its command gives the result."""

import shlex
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

import robust_core.experiment.perform
from robust_core import attacks, imaging
from robust_core.__main__ import main
from robust_core.dashboard.request import Chosen
from robust_core.data import samples
from robust_core.data.picture import Picture
from robust_core.goals import ConfidenceReduction, LeastLikely, Towards
from robust_core.words.verdict import Verdict, verdict

VARIANTS = [
    {},
    {"sample": "digits-test-4"},
    {"sample": "chelsea"},
    {"sample": "chelsea", "how": "squash"},
    {"sample": "chelsea", "model": "cifar10-resnet32"},
    {"eps": 0.1},
    {"eps": 0.15 + 1e-12},
    {"loss": "margin"},
    {"goal": Towards(1)},
    {"goal": Towards(2)},
    {"goal": LeastLikely()},
    {"goal": ConfidenceReduction()},
    {"goal": ConfidenceReduction(drop=0.5)},
    {"goal": ConfidenceReduction(threshold=0.5)},
    {"attack": "bim"},
    {"attack": "bim-l2"},
    {"attack": "bim", "steps": 7},
    {"attack": "bim", "step_size": 0.0375},
    {"attack": "pgd"},
    {"attack": "pgd", "seed": 1},
    {"attack": "pgd", "restarts": 2},
    {"attack": "pgd", "random_start": False},
    {"area": "centre"},
    {"area": "25%,25%,50%,25%"},
]


def test_every_input_changes_the_key(make_request):
    keys = [make_request(**variant).key() for variant in VARIANTS]
    assert len(set(keys)) == len(VARIANTS)


def test_an_area_of_everything_is_none(make_request):
    everything = make_request(area="0%,0%,100%,100%")
    assert everything.mask() is None
    assert everything.key() == make_request().key()
    assert "--mask" not in everything.command()
    assert make_request(area="centre").key() == make_request(area="2,2,4,4").key()
    with pytest.raises(ValueError, match="holds no pixel of a picture of 8 x 8 pixels"):
        make_request(area="8,8,1,1")


def test_the_key_is_stable(make_request):
    for variant in VARIANTS:
        assert make_request(**variant).key() == make_request(**variant).key()


def test_one_pixel_changes_the_key(make_request):
    request = make_request()
    pixels = request.chosen.picture.pixels.copy()
    pixels[4, 4] ^= 1
    other = replace(request, chosen=replace(request.chosen, picture=Picture.of(pixels)))
    assert other.key() != request.key()


def test_the_label_changes_the_key(make_request):
    request = make_request()
    unlabelled = replace(request, chosen=replace(request.chosen, true_label=None))
    assert unlabelled.label is None
    assert unlabelled.key() != request.key()


def test_a_label_that_the_model_does_not_know_is_none(make_request):
    request = make_request(sample="digits-test-3", model="cifar10-resnet32")
    assert request.chosen.true_label in make_request().model.class_names
    assert request.label is None


def test_the_label_is_that_of_the_data_set_and_its_source_is_named(make_request, perform):
    experiment = perform(make_request(sample="digits-test-3"))
    assert experiment.label.label == samples.load("digits-test-3").label
    assert experiment.label_source == "the label of the digits test set"


def test_the_known_label_of_a_photograph_counts_where_the_model_has_its_class(
    make_request, perform
):
    """This network says "frog" to the cat: it is wrong before the attack, not fooled by it."""
    wrong = make_request(sample="chelsea", model="cifar10-resnet32-pgd-at")
    experiment = perform(wrong)
    assert experiment.label.label == "cat"
    assert experiment.label_source == "the label of the sample"
    assert verdict(experiment) is Verdict.ALREADY_WRONG
    assert make_request(sample="chelsea").label is None  # the digits


def test_without_a_label_the_prediction_stands_in_and_says_so(make_request, perform):
    experiment = perform(make_request(sample="coffee"))
    assert experiment.label.index == experiment.before[0].index
    assert experiment.label_source == "the model's own prediction"


def few(name: str) -> dict[str, int]:
    """Few queries for those that would ask thousands of them: two runs are compared, not judged."""
    asks = "max_queries" in {spec.name for spec in fields(attacks.get(name))}
    return {"max_queries": 200} if asks else {}


COMMANDS = [
    *({"attack": name} | few(name) for name in attacks.local_names()),
    {"eps": 8 / 255, "loss": "margin"},
    {"attack": "pgd", "steps": 3, "step_size": 0.03, "random_start": False},
    {"attack": "pgd", "restarts": 3, "seed": 12, "loss": "dlr", "eps": 0.01},
    {"attack": "pgd-l2", "eps": 0.1 * 64**0.5, "goal": Towards(7)},
    {"attack": "bim", "goal": LeastLikely()},
    {"attack": "pgd", "goal": ConfidenceReduction()},
    {"attack": "deepfool", "goal": ConfidenceReduction(threshold=0.35)},
    {"sample": "chelsea", "how": "squash"},
    {"area": "border"},
    {"attack": "pgd", "area": "25%,25%,37.5%,50%;0%,0%,12.5%,100%"},
]


@pytest.mark.parametrize("variant", COMMANDS, ids=str)
def test_the_command_gives_the_same_pictures_bit_for_bit(
    make_request, perform, same_on_the_command_line, variant
):
    request = make_request(**variant)
    there, here = same_on_the_command_line(request.command()), perform(request)
    assert torch.equal(there.clean, here.clean)
    assert torch.equal(there.adversarial, here.adversarial)
    same = ("parameters", "goal", "label", "label_source", "target", "success", "queries")
    for name in (*same, "gradients", "confidence_before", "confidence_after"):
        assert getattr(there, name) == getattr(here, name), name


def test_the_command_of_an_upload_needs_only_the_file(
    make_request, perform, same_on_the_command_line, monkeypatch, tmp_path
):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 64, 3), dtype=np.uint8)
    chosen = Chosen(Picture.of(pixels), "YOUR_PICTURE.png")
    request = replace(make_request("pgd", how="squash"), chosen=chosen)
    monkeypatch.chdir(tmp_path)
    (tmp_path / chosen.reference).write_bytes(imaging.png(pixels))
    there = same_on_the_command_line(request.command())
    assert torch.equal(there.adversarial, perform(request).adversarial)


def test_the_command_survives_a_shell(make_request):
    words = shlex.split(make_request("pgd", goal=Towards(3)).command())
    assert words[:4] == ["python", "-m", "robust_core", "attack"]
    assert words[words.index("--target") + 1] == "3"


@pytest.fixture
def same_on_the_command_line(monkeypatch, capsys):
    """Run a command of the page by the program's own ``main`` and catch the experiment."""

    def run(command: str):
        caught = []
        true_perform = robust_core.experiment.perform.perform

        def perform(*args, **options):
            caught.append(true_perform(*args, **options))
            return caught[-1]

        with monkeypatch.context() as patch:
            patch.setattr(robust_core.experiment.perform, "perform", perform)
            words = shlex.split(command)
            assert words[:3] == ["python", "-m", "robust_core"]
            assert main(words[3:]) == 0, capsys.readouterr().err
        (experiment,) = caught
        return experiment

    return run
