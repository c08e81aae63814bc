"""The ZIP file: pixels exactly as computed, the change exactly, and all that it depends on."""

import hashlib
import io
import json
import zipfile
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from robust_core import defenses, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.attack.export import archive, conditions
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.dashboard.views import Views
from robust_core.experiment import perform as core
from robust_core.experiment.defended import Attacker
from robust_core.goals import Towards
from robust_core.imaging import GREY

PICTURES = {"clean.png", "perturbation.png", "adversarial.png"}
DOWNLOADED = "imagenet-squeezenet1_0"
CASES = [
    {"attack": "pgd", "eps": 0.1, "seed": 5},
    {"attack": "pgd-l2", "eps": 0.8, "goal": Towards(1)},
    {"attack": "fgsm", "eps": 0.01, "sample": "chelsea", "model": "cifar10-resnet32"},
    {"attack": "fgsm", "eps": 0.02, "sample": "china", "model": "imagenette-resnet"},
    {"attack": "fgsm", "eps": 0.02, "sample": "china", "model": DOWNLOADED},
]


def stand_in() -> Classifier:
    """As large as the model that would be downloaded."""
    model = zoo.describe(DOWNLOADED)
    return Classifier(
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, len(model.class_names))),
        name=model.name,
        class_names=model.class_names,
        input_size=model.input_size,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
    ).eval()


@pytest.fixture(
    scope="module", params=CASES, ids=lambda case: f"{case['attack']}-{case.get('model', 'digits')}"
)
def exported(request, make_request, perform):
    """A request, its experiment, and the opened files of its archive."""
    asked = make_request(**request.param)
    if asked.model.name == DOWNLOADED:
        experiment = core.perform(stand_in(), asked.pixels(), asked.attack)
    else:
        experiment = perform(asked)
    data = archive(asked, experiment, Views.of(experiment))
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        assert bundle.testzip() is None
        files = {name: bundle.read(name) for name in bundle.namelist()}
    return asked, experiment, files


def decoded(data: bytes, channels: int) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image).reshape(*np.asarray(image).shape[:2], channels)


def test_it_holds_three_pictures_the_change_and_a_description(exported):
    assert set(exported[2]) == {*PICTURES, "delta.npy", "experiment.json"}


def test_pictures_are_the_tensors_rounded_at_native_size(exported):
    _, experiment, files = exported
    for name, tensor in (("clean", experiment.clean), ("adversarial", experiment.shown)):
        values = tensor[0].permute(1, 2, 0).double().numpy()
        pixels = decoded(files[f"{name}.png"], values.shape[2])
        assert (pixels == np.rint(values * 255)).all()


def test_the_change_is_exact(exported):
    _, experiment, files = exported
    delta = np.load(io.BytesIO(files["delta.npy"]), allow_pickle=False)
    assert delta.dtype == np.float32
    assert torch.equal(torch.from_numpy(delta), (experiment.adversarial - experiment.clean)[0])


def test_the_perturbation_is_the_change_by_the_stated_factor(exported):
    _, experiment, files = exported
    factor = json.loads(files["experiment.json"])["perturbation_amplified_by"]
    delta = (experiment.adversarial - experiment.clean)[0].permute(1, 2, 0).double().numpy()
    shown = decoded(files["perturbation.png"], delta.shape[2])
    expected = np.clip(GREY + 255 * factor * delta, 0, 255)
    assert np.abs(shown - expected).max() <= 0.51


def test_the_description_has_parameters_versions_and_hashes(exported):
    asked, experiment, files = exported
    described = json.loads(files["experiment.json"])
    assert described["parameters"] == asked.parameters
    assert described["model"] == asked.model.name
    bundled = zoo.index().get(asked.model.name, {})
    assert described["weights_sha256"] == bundled.get("sha256")
    assert described["picture"]["reference"] == asked.chosen.reference
    assert described["picture"]["sha256"] == asked.chosen.picture.sha256
    assert described["command"] == asked.command()
    assert described["success_8bit"] == experiment.saved.success
    assert described["saved"]["linf"] == experiment.saved.linf
    assert described["versions"]["torch"] == torch.__version__.split("+")[0]
    assert all(described["versions"].values())
    assert described["files_sha256"] == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name != "experiment.json"
    }


def test_what_the_defences_say_is_described_as_far_as_it_is_known(make_request, perform):
    asked = make_request("fgsm", eps=0.1)
    experiment = perform(asked)
    kind = defenses.get("median")
    known, unknown = (ComparedDefense.of(kind, {"width": width}, asked) for width in (2, 3))
    lab.engine().submit(known.key, known.look).result()
    work = partial(known.try_out, Attacker.AWARE, known.finished[0], experiment)
    found = lab.engine().submit(known.trial_key(Attacker.AWARE), work).result()
    (told,) = conditions(asked, experiment, [known, unknown])["defenses"]
    assert (told["name"], told["parameters"]) == ("median", {"width": 2})
    assert told["aware"] == found.summary() | {"command": known.command(found)}
    assert "unaware" not in told
