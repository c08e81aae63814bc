"""A network of timm by its name on the page: the size first, a click, and only then the download.

timm and its hub are stand-ins; the form runs as in a page.
"""

import pytest
from streamlit.testing.v1 import AppTest
from torch import nn

from robust_core import zoo
from robust_core.dashboard import alone, lab, own_model, own_model_hub
from robust_core.zoo import own
from robust_core.zoo.own.hub import Listed

NAME = "timm:tiny_net.a1"
ABOUT = Listed(NAME, "timm/tiny_net.a1", 0.8, (8, 8), (0.5, 0.4, 0.3), (0.2, 0.2, 0.2))
SIZE = 5_300_000


def script() -> None:
    import streamlit as st

    from robust_core.dashboard import own_model_form

    st.write(f"model {own_model_form.choose('digits-cnn')}")


@pytest.fixture
def world(monkeypatch):
    """What was downloaded, and how; ``kept``: the file in the hub's own cache."""
    done = {"kept": None, "fetched": []}
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))

    def fetched(about, size, progress, *, keep):
        progress(1000, size)
        done["fetched"].append((about.name, size, keep))
        return b"weights"

    def checked(content, architecture, size, *, check):
        check()
        assert (architecture, size) == (NAME, ABOUT.size)
        return own.Checked(network, 3, size, 4, 1000, "0" * 64)

    def listed(name):
        if name != NAME:
            raise ValueError(f"there is no pretrained network {name[5:]!r} of timm")
        return ABOUT

    monkeypatch.setattr(Listed, "kept", lambda about: done["kept"])
    monkeypatch.setattr(Listed, "bytes", lambda about, limit: SIZE)
    monkeypatch.setattr(own_model_hub.hub, "listed", listed)
    monkeypatch.setattr(own_model_hub, "fetched", fetched)
    monkeypatch.setattr(own_model_hub, "checked_apart", checked)
    lab.engine().forget()
    yield done
    for session in list(own_model._kept):
        own_model.forget(session)


def asked(name: str, **fields: str) -> AppTest:
    """The page once the form was sent with that name and without a file."""
    page = AppTest.from_function(script, default_timeout=30).run()
    page.text_input(key="own_architecture").set_value(name)
    for key, value in fields.items():
        page.text_input(key=f"own_{key}").set_value(value)
    return page.button[0].click().run()


def told(page: AppTest) -> str:
    assert not page.exception
    return " ".join(each.value for each in (*page.error, *page.info, *page.caption, *page.markdown))


@pytest.mark.parametrize("local", [True, False])
def test_the_size_is_said_and_a_click_brings_it(world, monkeypatch, local):
    monkeypatch.setattr(alone, "local", lambda: local)
    page = asked(NAME)
    assert f"{NAME} is 5.3 MB, in safetensors, at huggingface.co/timm/tiny_net.a1" in told(page)
    assert ("command line finds it" in told(page)) == local
    assert not world["fetched"]
    page = page.button(key="own_hub_download").click().run()
    assert world["fetched"] == [(NAME, SIZE, local)]
    assert "In use: 8 x 8 RGB, 4 classes" in told(page)
    (held,) = own_model._kept.values()
    assert f"model {held.guest.name}" in told(page)
    assert held.guest.options == ("--model", NAME)
    model = zoo.load(held.guest.name, "cpu")
    assert model.mean.flatten().tolist() == pytest.approx(ABOUT.mean)
    assert model.resize == 10
    page = page.button[0].click().run()  # the same name again brings nothing anew
    assert len(world["fetched"]) == 1
    assert not page.info


def test_what_is_on_this_computer_is_not_downloaded(world, tmp_path):
    world["kept"] = tmp_path / "model.safetensors"
    world["kept"].write_bytes(b"weights")
    assert "In use: 8 x 8 RGB, 4 classes" in told(asked(NAME))
    assert not world["fetched"]


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("timm:nonsense", {}, "There is no pretrained network 'nonsense' of timm"),
        ("timm:<b>x</b>", {}, "letters, digits, dots and underscores"),
        (NAME, {"size": "224"}, "brings its own classes and size"),
    ],
)
def test_what_cannot_be_brought_gets_a_sentence_once(world, name, fields, said):
    page = asked(name, **fields)
    assert said in told(page)
    assert said not in told(page.run())
    assert not world["fetched"]
