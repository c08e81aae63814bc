"""A visitor's model: of one session, gone with it, switched off by the server."""

import pytest

from robust_core import zoo
from robust_core.dashboard import lab, own_model
from robust_core.engine import key_of
from robust_core.engine.keys import owner_of
from robust_core.zoo import own
from tests.onnx_files import classifier


def bring(session: str) -> None:
    found = own.checked(classifier().SerializeToString())
    own_model.keep(session, own_model.Kept(found, "mine", None))


def test_it_is_its_sessions_alone(sessions):
    names = []
    for session in ("a", "b"):
        sessions(session)
        bring(session)
        names.append(own_model.admit(own_model.Said("cat, dog, bird, fish")).name)
    assert names[0] != names[1]
    for name, session in zip(names, "ab", strict=True):
        assert owner_of(name) == session
        assert owner_of(key_of(model=name, attack="fgsm")) == session
        assert owner_of(key_of(model=zoo.describe(name).name)) == session
        sessions(session)
        assert own_model.current().name == name


def test_it_is_gone_with_the_session(sessions):
    sessions("a")
    bring("a")
    name = own_model.admit(own_model.Said()).name
    assert zoo.load(name, "cpu").class_names[0] == "class 0"
    lab._forget("a")
    assert own_model.current() is None
    with pytest.raises(ValueError, match="model must be one of"):
        zoo.load(name)


def test_other_words_make_another_model_without_a_new_file(sessions):
    sessions("a")
    bring("a")
    first = own_model.admit(own_model.Said())
    second = own_model.admit(own_model.Said("a, b, c, d", (0.5,) * 3, (0.5,) * 3))
    assert first.name != second.name
    assert zoo.guest(first.name) is None
    with pytest.raises(ValueError, match=r"^mine\.onnx has no class 'horse'"):
        second.model.index_of("horse")
    assert second.options == (
        *("--model", "mine.onnx", "--size", "8x8", "--classes", "a, b, c, d"),
        *("--mean", "0.5", "0.5", "0.5", "--std", "0.5", "0.5", "0.5"),
    )
    with pytest.raises(ValueError, match="4 classes apart"):
        own_model.admit(own_model.Said("a, b"))
    assert zoo.guest(second.name) is second


def test_there_is_room_for_so_many(sessions, monkeypatch):
    bring("a")
    monkeypatch.setattr(own_model, "TOGETHER", 2 * 4 * 192 * 4 - 1)
    with pytest.raises(ValueError, match="as many models"):
        bring("b")
    bring("a")  # in the place of the first


def test_names_hold_no_marks():
    said = own_model.Said("<b>cat</b>, `dog` [x](y), plain name")
    assert said.names() == ("b cat /b", "dog x (y)", "plain name")
    assert own_model.Said("digits").names() == tuple("0123456789")
    with pytest.raises(ValueError, match="2 to"):
        own_model.Said("/etc/passwd").names()


@pytest.mark.parametrize(
    ("address", "switch", "expected"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "", True),
        ("0.0.0.0", "", False),
        (None, "", False),
        ("0.0.0.0", "on", True),
        ("127.0.0.1", "off", False),
    ],
)
def test_the_server_decides(monkeypatch, address, switch, expected):
    monkeypatch.setattr(own_model.st, "get_option", lambda name: address)
    monkeypatch.setenv(own_model.SWITCH, switch)
    assert own_model.allowed() is expected
