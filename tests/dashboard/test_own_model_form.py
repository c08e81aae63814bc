"""The form of a visitor's own model: what it says of files that it cannot use."""

import io
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from robust_core import imaging
from robust_core.dashboard import lab, own_model
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
