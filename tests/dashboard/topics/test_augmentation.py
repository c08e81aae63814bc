"""The gallery of augmentation and attack: what it says follows from the model's answers."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard.topics import augmentation


@pytest.fixture(scope="module")
def found(make_request):
    return augmentation.work(make_request("pgd"), SimpleNamespace(notice=print))


def answering(found, *turned: str):
    """The same pictures where only those of ``turned`` get another answer than the clean one."""
    clean = found[0].guess
    other = replace(clean, index=clean.index + 1, label="other")
    return [replace(one, guess=other if one.kind in turned else clean) for one in found]


def test_the_sentence_names_what_turned_the_answer(found):
    told = augmentation.sentence(answering(found, "adversarial"))
    assert told == "The answer changes: **adversarial**. It stays: shifted, brighter, noisy."
    assert "None of these" in augmentation.sentence(answering(found))
    kinds = [one.kind for one in found[1:]]
    assert "Each of these" in augmentation.sentence(answering(found, *kinds))


def test_the_conditions_name_the_training_of_the_model():
    assert "shifts of up to 1 pixel." in augmentation.conditions("digits-cnn", 0.15)
    assert "4 pixels and mirror images" in augmentation.conditions("cifar10-resnet32", 0.1)
    assert "not trained here" in augmentation.conditions("imagenet-resnet50", 0.1)
    assert "eps 0.15 (38.3/255)" in augmentation.conditions("digits-cnn", 0.15)


def page(request) -> None:
    from robust_core.dashboard.topics import augmentation

    augmentation.show_augmentation(request)


def test_every_picture_stands_there_with_its_answer(make_request, found):
    test = AppTest.from_function(page, default_timeout=60, args=(make_request("pgd"),)).run()
    assert not test.exception
    shown = [image.proto.imgs[0].caption for image in test.get("image")]
    assert shown == [augmentation.caption(one) for one in found]
    assert augmentation.sentence(found) in [element.value for element in test.markdown]


def test_a_model_that_is_not_there_is_said(make_request, monkeypatch):
    monkeypatch.setattr(augmentation.zoo, "is_local", lambda name: False)
    test = AppTest.from_function(page, default_timeout=60, args=(make_request("pgd"),)).run()
    assert not test.exception
    assert not test.get("image")
    assert "downloaded" in test.caption[0].value
