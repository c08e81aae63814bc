"""Bundled detectors: on the classifier of the zoo, loaded once, checked; the remedy is said."""

import json
import threading

import pytest
import torch

from robust_core import zoo
from robust_core.detectors import METHODS, Subnetwork
from robust_core.experiment.panel import panel
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.zoo import bundled_detectors

NAME = "cifar10-resnet32-ad2-bim-2-255"
REMEDY = "python -m robust_core train detector --adversary bim --install"


def edit(folder, **changes) -> None:
    """Change the entry of ``NAME``; a key that is None goes, unless it is ``file``."""
    index = json.loads((folder / "index.json").read_text())
    entry = index[NAME] | changes
    index[NAME] = {k: v for k, v in entry.items() if v is not None or k == "file"}
    (folder / "index.json").write_text(json.dumps(index))


@pytest.fixture
def refused(bundle, weights_folder):
    """``refused(**changes)``: the sentence about a changed entry or file of ``NAME``."""
    bundle(NAME)

    def ask(content: bytes | None = None, **changes) -> str:
        edit(weights_folder, **changes)
        if content is not None:
            (weights_folder / f"{NAME}.safetensors").write_bytes(content)
        with pytest.raises(zoo.ZooError) as error:
            zoo.load_detector(NAME, "cpu")
        assert "\n" not in str(error.value)
        assert NAME in str(error.value)
        return str(error.value)

    return ask


def test_without_detectors_there_are_none(weights_folder):
    assert zoo.detectors() == zoo.detectors("cifar10-resnet32") == []
    assert zoo.default_detector("cifar10-resnet32") is None
    with pytest.raises(ValueError, match=r"^detector must be none: .*; got 'x'$"):
        zoo.load_detector("x")


def test_detectors_are_listed_by_their_classifier_and_are_no_classifiers(bundle):
    classifiers = zoo.names()
    first, second = bundle(NAME), bundle("cifar10-resnet32-ad4-deepfool", point="AD(4)")
    other = bundle("digits-cnn-x", model="digits-cnn")
    assert zoo.detectors("cifar10-resnet32") == [first, second]
    assert zoo.detectors("digits-cnn") == [other]
    assert zoo.detectors() == sorted([first, second, other])
    assert zoo.detectors("imagenet-vgg16") == []
    assert zoo.names() == classifiers


def test_the_default_counts_only_where_it_is_bundled(bundle):
    bundle("cifar10-resnet32-ad4-deepfool", point="AD(4)")
    assert zoo.default_detector("cifar10-resnet32") is None
    bundle(NAME)
    assert zoo.default_detector("cifar10-resnet32") == NAME
    assert zoo.default_detector("digits-cnn") is None


def test_it_is_the_detector_of_its_file_on_the_classifier_of_the_zoo(bundle, cat):
    detector = zoo.load_detector(bundle(NAME, seed=3, threshold=0.25), "cpu")
    assert detector.classifier is zoo.load("cifar10-resnet32", "cpu")
    assert (detector.name, detector.threshold, detector.point) == (NAME, 0.25, "AD(2)")
    assert detector.provenance.data == "CIFAR-10"
    assert detector.provenance.details == zoo.index()[NAME]
    assert not any(m.training for m in detector.modules())
    assert not any(p.requires_grad for p in detector.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = build(ResNet32, "AD(2)").half().float()
    same = Subnetwork(detector.classifier, network, point="AD(2)")
    torch.testing.assert_close(detector.logit(cat), same.logit(cat))
    assert torch.equal(detector.both(cat)[0], detector.classifier(cat))


def test_it_is_loaded_once_also_by_many_threads(bundle, monkeypatch):
    bundle(NAME)
    made, found = [], []
    attach = bundled_detectors.attach
    monkeypatch.setattr(bundled_detectors, "attach", lambda *a: made.append(a) or attach(*a))
    threads = [
        threading.Thread(target=lambda: found.append(zoo.load_detector(NAME, "cpu")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len({id(detector) for detector in found}) == 1
    assert zoo.load_detector(NAME, torch.device("cpu")) is found[0]


def test_unknown_names_get_the_names_there_are(bundle):
    bundle(NAME)
    for name in ("x", "cifar10-resnet32", ""):
        with pytest.raises(ValueError, match=f"detector must be one of {NAME}; got {name!r}"):
            zoo.load_detector(name)


def test_a_damaged_or_missing_file(refused, weights_folder):
    path = weights_folder / f"{NAME}.safetensors"
    content = path.read_bytes()
    said = refused(content[:-1] + bytes([content[-1] ^ 1]))
    assert "damaged" in said
    assert REMEDY in said
    path.unlink()
    said = refused()
    assert "cannot be read" in said
    assert REMEDY in said
    path.write_bytes(content)
    assert "damaged" in refused(sha256=None)


def test_weights_of_another_point(refused):
    assert "do not fit" in refused(point="AD(4)")
    assert "do not fit" in refused(point="AD(9)")
    assert "do not fit" in refused(point=None)


def test_weights_of_another_classifier(refused):
    said = refused(recipe={"fingerprint": "0" * 64})
    assert "other weights of cifar10-resnet32" in said
    assert REMEDY in said
    assert "other weights" in refused(recipe={})


@pytest.mark.parametrize("key", sorted(bundled_detectors.NEEDED - {"model", "file"}))
def test_entries_that_lack_something(refused, key):
    assert f"lacks {key}" in refused(**{key: None})


def test_a_method_that_is_not_known(refused):
    said = refused(method="oracle")
    assert all(word in said for word in ("'oracle'", *METHODS.names()))


def test_thresholds_that_cannot_be(refused):
    assert "threshold must be a score" in refused(threshold=1.5)


def test_an_entry_without_a_file_has_no_tensors(bundle, weights_folder):
    class Bare:
        METHOD = "bare"

        @classmethod
        def from_entry(cls, classifier, tensors, entry):
            assert tensors == {}
            made = cls()
            made.classifier, made.threshold = classifier, entry["threshold"]
            return made

    bundle(NAME)
    edit(weights_folder, method="bare", file=None, sha256=None)
    with METHODS.temporarily(Bare):
        detector = zoo.load_detector(NAME, "cpu")
    assert (detector.name, detector.threshold) == (NAME, 0.5)
    assert detector.provenance.source in REMEDY


def test_a_lazy_detector_answers_like_the_loaded_one_and_is_a_value(bundle, cat):
    lazy = zoo.LazyDetector(NAME)
    assert lazy == zoo.LazyDetector(NAME) != zoo.LazyDetector("x")
    assert hash(lazy) == hash(zoo.LazyDetector(NAME))
    bundle(NAME)
    assert torch.equal(lazy.logit(cat), zoo.load_detector(NAME, "cpu").logit(cat))


@pytest.mark.parametrize("name", zoo.detectors())
def test_the_threshold_lies_among_the_scores_that_it_was_set_on(name):
    entry = zoo.index()[name]
    low, high = entry["calibration_range"]
    assert 0 <= low < entry["threshold"] < high <= 1


@pytest.mark.parametrize("kind", ["white", "chessboard"])
def test_a_false_alarm_on_no_digit_at_all_is_known_to_be_outside_the_calibration(kind):
    row = torch.arange(8)
    board = ((row[:, None] + row) % 2).float()
    picture = (torch.ones(8, 8) if kind == "white" else board)[None, None]
    said = panel(["digits-cnn-reconstruction"], picture, picture, "cpu")
    (seen,) = said.said.values()
    assert seen.flagged_clean
    assert seen.outside_calibration
