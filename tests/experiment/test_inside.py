"""An attacked picture from the inside: noise of the same size, three curves, the maps, the way across."""

from dataclasses import replace

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.data.fitting import to_pixels
from robust_core.distances import all_norms
from robust_core.experiment.at_hand import AtHand, at_hand, record_of
from robust_core.experiment.inside import (
    DRAWS,
    crossing,
    depth,
    looks,
    module_of,
    same_size_noise,
    walk,
)
from robust_core.experiment.perform import perform
from robust_core.inside import NoMapError, grad_cam, last_features, plane, relative_changes


@pytest.fixture(scope="module")
def fooled(digits_model, digit):
    """FGSM of 0.15 on a digit, which it fools the network on."""
    found = perform(digits_model, digit[0], attacks.create("fgsm", eps=0.15), label=digit[1])
    assert found.success
    return found


@pytest.fixture(scope="module")
def stepped(digits_model, digit):
    """The same in steps."""
    attack = attacks.create("bim", eps=0.15, steps=8)
    return perform(digits_model, digit[0], attack, label=digit[1])


def test_noise_is_as_far_away_in_l1_l2_and_linf(pictures):
    clean = pictures(1)
    change = 0.3 * (pictures(1, seed=1) - 0.5) * (pictures(1, seed=2) > 0.45)
    noise = same_size_noise(clean, clean + change, 3)
    size, far = all_norms(clean + change, clean), all_norms(noise, clean.expand_as(noise))
    for name in ("l1", "l2", "linf"):
        torch.testing.assert_close(far[name], size[name].expand(3))
    assert not torch.equal(noise[0], noise[1])
    assert torch.equal(noise, same_size_noise(clean, clean + change, 3))
    assert not torch.equal(noise, same_size_noise(clean, clean + change, 3, seed=1))
    signs = (noise - clean)[noise != clean].sign()
    assert abs(signs.mean()) < 0.2


def test_noise_stays_a_picture_and_within_the_mask(pictures):
    clean = torch.tensor([0.0, 1.0, 0.5, 0.5]).view(1, 1, 2, 2)
    other = torch.tensor([0.2, 0.8, 0.7, 0.7]).view(1, 1, 2, 2)
    noise = same_size_noise(clean, other, 20)
    assert noise.min() >= 0
    assert noise.max() <= 1
    torch.testing.assert_close((noise - clean).abs(), torch.full_like(noise, 0.2))
    assert {round(v, 1) for v in noise[:, 0, 1, 0].tolist()} == {0.3, 0.7}
    mask = torch.tensor([[False, True], [True, False]])[None, None]
    within = same_size_noise(clean, torch.where(mask, other, clean), 5, mask=mask)
    assert torch.equal(within != clean, mask.expand_as(within))


def test_the_curves_are_those_of_the_pictures(digits_model, fooled):
    told = []
    found = depth(digits_model, fooled, progress=lambda k, n: told.append((k, n)))
    alone = relative_changes(digits_model, fooled.clean, fooled.shown)
    assert found.layers == alone.layers
    assert found.adversarial.values == pytest.approx(alone.values[0].tolist())
    assert found.adversarial.said[0].index == fooled.after[0].index
    assert found.adversarial.l2 == pytest.approx(fooled.saved.l2, rel=1e-5)
    assert found.noise.linf == pytest.approx(fooled.saved.linf, rel=1e-5)
    assert found.noise.l2 == pytest.approx(fooled.saved.l2, rel=0.02)
    assert len(found.noise.said) == DRAWS
    assert told[-1] == (3 + DRAWS, 3 + DRAWS)
    assert found.detectors == {}
    ratio = [a / b for a, b in zip(found.adversarial.values, found.noise.values, strict=True)]
    assert ratio[0] == pytest.approx(1, rel=0.02)
    assert ratio[-1] > 2


def test_a_detector_s_point_is_behind_its_part_of_the_network():
    model = zoo.load("cifar10-resnet32", "cpu")
    names = [module_of(model, point) for point in model.network.attachment_points]
    assert names == ["picture", "stem", "stage1", "stage2", "stage3"]
    assert module_of(model, "AD(9)") is None
    pixels = to_pixels(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))[0]
    experiment = perform(model, pixels, attacks.create("fgsm", eps=0.01))
    found = depth(model, experiment, ("AD(0)", "AD(2)", "AD(4)", "nowhere"))
    assert {p: found.layers[k] for p, k in found.detectors.items()} == {
        "AD(0)": "picture",
        "AD(2)": "stage1.4",
        "AD(4)": "stage3.4",
    }


def test_it_looks_for_both_answers_in_both_pictures(digits_model, fooled):
    found = looks(digits_model, fooled)
    assert [each.index for each in found.classes] == [
        fooled.before[0].index,
        fooled.after[0].index,
    ]
    for picture, image in enumerate((fooled.clean, fooled.shown)):
        for place, each in enumerate(found.classes):
            alone = grad_cam(digits_model, image, torch.tensor([each.index])).values[0]
            torch.testing.assert_close(found.of(picture, place), alone)
    with pytest.raises(NoMapError):
        looks(zoo.load("digits-mlp", "cpu"), fooled)


def test_one_answer_has_one_map_for_each_picture(digits_model, digit):
    kept = perform(digits_model, digit[0], attacks.create("noise", eps=0.01), label=digit[1])
    found = looks(digits_model, kept)
    assert len(found.classes) == 1
    assert found.maps.values.shape[0] == 2


def test_the_way_begins_and_ends_at_both_pictures(digits_model, fooled, stepped, digits_test):
    others = AtHand(digits_test[0][:120], "some")
    for experiment, recorded in ((fooled, False), (stepped, True)):
        found = crossing(digits_model, experiment, others)
        features, answers = last_features(digits_model, others.images)
        ends = torch.tensor([experiment.before[0].index, experiment.after[0].index])
        own = torch.isin(answers, ends)
        assert found.fitted == own.sum() < 120
        flat = plane(features[own])
        own, _ = last_features(digits_model, torch.cat([experiment.clean, experiment.shown]))
        torch.testing.assert_close(found.way[[0, -1]], flat.places(own), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(found.places, flat.places(features), rtol=1e-5, atol=1e-5)
        assert torch.equal(found.answers, answers)
        assert (found.size, found.recorded) == (64, recorded)
        assert 0 < found.seen <= 1
        assert (found.steps[0], found.steps[-1]) == ("clean", "the result")
        said = [each.index for each in found.said]
        assert (said[0], said[-1]) == (experiment.before[0].index, experiment.after[0].index)
        place = found.crossed
        assert len(set(said[:place])) == 1
        assert said[place] != said[0]


def test_a_map_is_fitted_on_all_where_an_answer_is_rare(digits_model, fooled, digit_pictures):
    images, labels = digit_pictures
    others = AtHand(images[labels != fooled.after[0].index][:40], "some")
    assert crossing(digits_model, fooled, others).fitted == 40


def test_a_walk_has_the_attack_s_own_steps(stepped, fooled):
    names, pictures = walk(stepped)
    assert names == ("clean", *(f"step {k}" for k in range(1, 8)), "the result")
    assert len(pictures) == len(names)
    for frame, picture in zip(stepped.frames, pictures, strict=True):
        assert torch.equal(frame.pixels, torch.from_numpy(to_pixels(picture[None]))[0])
    names, pictures = walk(fooled)
    assert names[1] == "10 % of the way"
    torch.testing.assert_close(pictures[5], (fooled.clean + fooled.shown)[0] / 2)


def test_the_first_test_pictures_are_at_hand(digits_test):
    model = zoo.describe("digits-cnn")
    found = at_hand(model)
    assert record_of(model).name == "digits"
    assert torch.equal(found.images, digits_test[0][:600])
    assert found.source == "the first 450 of 450 digits test pictures"
    larger = at_hand(replace(model, input_size=(9, 16), resize=16, channels=3))
    assert larger.images.shape == (450, 3, 9, 16)


def test_photographs_where_no_test_set_is_here(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    model = zoo.describe("cifar10-resnet32")
    found = at_hand(model)
    assert record_of(model) is None
    assert found.source == "8 sample photographs, each cut out, squashed and mirrored"
    assert found.images.shape == (32, 3, 32, 32)
    assert torch.equal(found.images[1], found.images[0].flip(-1))
