"""Several adversaries in turn: whose each picture is, whose files they are, and a training on them."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from robust_core.attacks import BIM, FGSM, DeepFool
from robust_core.detectors import Subnetwork
from robust_core.detectors.measure import answers
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.training.detectors.crafted import Originals, activations, craft
from robust_core.training.detectors.export import export_detector
from robust_core.training.detectors.measurement import batches
from robust_core.training.detectors.several import SEVERAL, craft_in_turn
from robust_core.training.detectors.static import DetectorTrainer, name, train_detector
from robust_core.training.recipes import DetectorRecipe

CPU = torch.device("cpu")
EVERY = {
    "fgsm": FGSM(eps=8 / 255),
    "bim": BIM(eps=4 / 255, steps=2, step_size=3 / 255),
    "deepfool": DeepFool(steps=1),
}
IMAGES = torch.randint(
    0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)


@pytest.fixture(scope="module")
def recipe(recipe_for) -> DetectorRecipe:
    return recipe_for(SEVERAL, {key: asdict(attack) for key, attack in EVERY.items()}, epochs=2)


@pytest.fixture
def in_turn(resnet, recipe, cache):
    """``in_turn(every, labels)``: the pictures of some adversaries."""

    def make(every=EVERY, labels=None, images=IMAGES):
        originals = Originals(resnet, images, labels, cache, what="x", show=False)
        return craft_in_turn(originals, every, recipe)

    return make


@pytest.fixture
def alone(resnet, recipe, cache):
    """``alone("bim")``: what the detector of that adversary alone would be made with."""

    def make(key, adversary=None, labels=None):
        single = replace(recipe, adversary=key, parameters=asdict(EVERY[key]), point="AD(2)")
        originals = Originals(resnet, IMAGES, labels, cache, what="x", show=False)
        return craft(originals, adversary or EVERY[key], single)

    return make


def refuse(*_):
    raise AssertionError("crafted again")


@pytest.mark.parametrize("rows", [slice(None), slice(2, 7), torch.tensor([7, 0, 4, 5, 1, 1])])
def test_picture_i_is_that_of_adversary_i_in_turn(in_turn, alone, rows):
    clean, adversarial = in_turn().pairs(rows, CPU)
    numbers = torch.arange(8)[rows]
    assert torch.equal(clean, IMAGES[rows].float() / 255)
    for place, i in enumerate(numbers.tolist()):
        expected = alone(list(EVERY)[i % 3]).pairs(slice(i, i + 1), CPU)[1][0]
        assert torch.equal(adversarial[place], expected)
        others = [alone(key).pairs(slice(i, i + 1), CPU)[1][0] for key in EVERY]
        assert sum(torch.equal(adversarial[place], other) for other in others) == 1


def test_the_files_are_those_of_each_adversary_alone(in_turn, alone, cache):
    labels = torch.arange(8)
    for leaving in (None, labels):
        keys = [part.key for part in in_turn(labels=leaving).parts]
        assert keys == [alone(key, refuse, leaving).key for key in EVERY]
    first = [alone(key, labels=labels.flip(0)).key for key in EVERY]
    again = in_turn(dict.fromkeys(EVERY, refuse), labels.flip(0))
    assert [part.key for part in again.parts] == first


def test_the_key_stands_for_all_of_them_and_their_order(in_turn):
    keys = [
        in_turn().key,
        in_turn(labels=torch.arange(8)).key,
        in_turn(dict(reversed(EVERY.items()))).key,
        in_turn({key: EVERY[key] for key in ("fgsm", "bim")}).key,
        in_turn(images=IMAGES.flip(0)).key,
    ]
    assert len({*keys}) == len(keys)
    assert in_turn().key == keys[0]


def test_an_adversary_without_a_turn_is_refused(in_turn):
    with pytest.raises(ValueError, match="images must be at least 3"):
        in_turn(images=IMAGES[:2])


def test_an_adversary_whose_parameters_the_recipe_lacks_is_refused(in_turn):
    with pytest.raises(ValueError, match=r"recipe\.parameters must hold those of noise"):
        in_turn(EVERY | {"noise": refuse})


def test_activations_are_of_those_pictures_and_kept_under_their_key(resnet, in_turn, cache):
    detector, crafted = Subnetwork(resnet, build(ResNet32, "AD(4)"), point="AD(4)"), in_turn()
    pairs = activations(detector, crafted, cache, show=False)
    for i, pictures in enumerate(crafted.pairs(slice(None), CPU)):
        assert np.array_equal(pairs[:, i], detector.activation(pictures).half().numpy())
    assert (cache / f"{crafted.key}-ad4.npy").exists()


@pytest.fixture
def run(resnet, recipe, cache, tmp_path):
    def go(folder):
        return train_detector(
            *(resnet, EVERY, recipe, IMAGES),
            folder=tmp_path / folder,
            cache=cache,
            show=False,
        )

    return go


@pytest.mark.parametrize("at", [2, 5])
def test_resumed_training_gives_bit_equal_weights(run, at, interrupt_at):
    straight = run("straight").subnetwork.state_dict()
    with interrupt_at(DetectorTrainer, at), pytest.raises(KeyboardInterrupt):  # four steps an epoch
        run("resumed")
    resumed = run("resumed").subnetwork.state_dict()
    assert all(torch.equal(straight[key], resumed[key]) for key in straight)


def test_the_entry_names_all_and_its_figures_are_of_their_turns(
    run, resnet, recipe, in_turn, cache, measurement
):
    trainer = run("run")
    labels = resnet(IMAGES.float() / 255).argmax(1)
    labels[3] = (labels[3] + 1) % 10
    test = (IMAGES[:7], labels[:7])
    noise = replace(measurement, test=test, calibration=IMAGES[5:], data="noise", cache=cache)
    entry = export_detector(trainer, EVERY, recipe, noise)
    assert name(recipe) == "cifar10-resnet32-ad4-several"
    assert (entry["adversary"], entry["eps"]) == (list(EVERY), None)
    assert entry["recipe"] == asdict(recipe)
    detector = trainer.result()
    detector.subnetwork.half().float()  # the file holds rounded weights
    crafted = in_turn(images=IMAGES[:7], labels=labels[:7])
    for form, rounding in ((entry, False), (entry["eight_bit"], True)):
        said = answers(detector, batches(crafted, CPU), labels[:7], eight_bit=rounding)
        wanted = said.figures()
        assert {key: form[key] for key in wanted} == wanted
    assert entry["at_threshold"]["n_test"] == 7
    assert entry["top1"] == pytest.approx(6 / 7)
