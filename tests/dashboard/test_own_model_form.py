"""The form of a visitor's own model: what it says of files that it cannot use."""

import copy
import io
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from robust_core import imaging, zoo
from robust_core.dashboard import lab, own_model, own_model_form
from robust_core.zoo import own
from tests.onnx_files import classifier
from tests.visiting import ran, text


def script() -> None:
    import streamlit as st

    from robust_core.dashboard import own_model_form

    st.write(f"model {own_model_form.choose('digits-cnn')}")


@pytest.fixture
def page(sessions) -> AppTest:
    """The form with a model of four classes in use."""
    sessions("a")
    found = own.checked(classifier().SerializeToString())
    own_model.keep("a", own_model.Kept(found, "mine", None))
    own_model.admit(own_model.Said("cat, dog, bird, fish"))
    lab.engine().forget()
    return ran(AppTest.from_function(script, default_timeout=60).run())


def packed(**files: bytes) -> bytes:
    """A ZIP file with a picture of two classes, and other files in the folder of the cats."""
    content = io.BytesIO()
    picture = imaging.png(np.zeros((8, 8, 3), np.uint8))
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("cat/b.png", "dog/c.png"):
            archive.writestr(name, picture)
        for name, data in files.items():
            archive.writestr(f"cat/{name}.txt", data)
    return content.getvalue()


def test_the_normalisation_is_checked_without_files_that_are_no_pictures(page):
    bring = page.file_uploader[-1]
    page = ran(bring.upload("mine.zip", packed(a_note=b"*no* picture"), "application/zip").run())
    assert "it is right on" in text(page) + "".join(w.value for w in page.warning)
    assert "of your 2 pictures" in text(page) + "".join(w.value for w in page.warning)
    (left_out,) = [w.value for w in page.warning if "left out" in w.value]
    assert left_out.startswith("1 file left out:  \n")
    assert "cat/a\\_note.txt" in left_out


def test_what_is_changed_after_the_model_is_in_use_waits_for_the_button(page):
    assert own_model_form.UNTIL in text(page)
    own_model.forget("a")
    assert own_model_form.UNTIL not in text(ran(page.run()))


@pytest.fixture
def checking(monkeypatch):
    """``own_model.check`` with the work done at once; what it raises is raised."""
    monkeypatch.setattr(lab, "compute", lambda key, work, **options: work(lambda *told: None))

    def checked(content: bytes, *said, check) -> own.Checked:
        return own.checked(content, *said)

    monkeypatch.setattr(own_model, "checked_apart", checked)
    monkeypatch.setattr(own_model.st, "session_state", {})


def test_an_architecture_that_stands_in_the_form_is_not_asked_of_onnx(sessions, checking):
    sessions("a")
    assert own_model.check(classifier().SerializeToString(), "mine.onnx", "resnet18", None)
    assert own_model.kept().architecture is None


def test_sentences_name_the_field_of_the_size(sessions, checking):
    sessions("a")
    weights = save({"w": torch.ones(2)})
    with pytest.raises(ValueError, match=r"^Picture size must be given for weights"):
        own_model.check(weights, "mine.safetensors", "resnet18", None)
    with pytest.raises(ValueError, match="Picture size says 9 x 9"):
        own_model.check(classifier().SerializeToString(), "mine.onnx", None, (9, 9))


def test_what_a_file_says_is_shown_and_does_nothing(sessions, checking, monkeypatch):
    sessions("a")

    def refused(*said, check):
        raise ValueError("The operation '![x](http://evil.example/p.png)' cannot be done")

    monkeypatch.setattr(own_model, "checked_apart", refused)
    with pytest.raises(ValueError, match="operation") as told:
        own_model.check(b"anything", "mine.onnx", None, None)
    assert "![x](" not in str(told.value)
    assert "evil.example/p.png" in str(told.value)


def test_weights_that_were_brought_for_a_network_of_timm_are_kept(sessions):
    sessions("a")
    found = own.checked(classifier().SerializeToString())
    assert own_model_form._from_hub("timm:resnet18")
    own_model.keep("a", own_model.Kept(found, "mine", "timm:resnet18"))
    assert not own_model_form._from_hub("timm:resnet18")
    assert own_model_form._from_hub("timm:resnet34")


def test_fewer_pictures_are_looked_at_where_they_are_large():
    model = zoo.load("digits-cnn", "cpu")
    assert own_model_form._few(model) == own_model_form.WATCHED
    large = copy.copy(model)
    large.input_size = (2048, 2048)
    assert own_model_form._few(large) == 8
