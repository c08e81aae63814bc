"""A visitor's own pictures: of one session, gone with it, bounded; folders where the server says."""

import pytest

from robust_core.dashboard import lab, own_data, own_model


def test_a_file_is_its_sessions_and_gone_with_it(sessions, monkeypatch):
    monkeypatch.setattr(own_data, "_kept", {})
    sessions("a")
    own_data.keep(b"123", "mine.zip")
    assert own_data.current().content == b"123"
    sessions("b")
    assert own_data.current() is None
    monkeypatch.setattr(own_data, "TOGETHER", 5)
    with pytest.raises(ValueError, match="as many pictures"):
        own_data.keep(b"456", "other.zip")
    lab._forget("a")
    own_data.keep(b"456", "other.zip")
    sessions("a")
    assert own_data.current() is None


def test_folders_are_for_a_machine_of_ones_own(monkeypatch):
    now = {}
    monkeypatch.setattr(own_data.st, "get_option", lambda name: now["address"])

    def allowed(address: str, said: str = "") -> bool:
        now["address"] = address
        monkeypatch.setenv(own_data.SWITCH, said)
        return own_data.folders_allowed()

    assert allowed("127.0.0.1")
    assert not allowed("0.0.0.0")
    assert allowed("0.0.0.0", "on")
    assert not allowed("localhost", "off")


def test_a_server_without_own_models_keeps_its_limit(monkeypatch):
    monkeypatch.setenv(own_model.SWITCH, "off")
    monkeypatch.setattr(own_data.st, "get_option", lambda name: 8)
    assert own_data.largest() == 8


def test_names_of_files_are_shown_and_do_nothing():
    told = own_data.harmless("![x](http://a/b) <img src=y>\n:red[z] `c`")
    assert told == r"\!\[x\]\(http\://a/b\) \<img src=y\> \:red\[z\] \`c\`"


@pytest.mark.parametrize(
    ("lost", "read", "asked", "expected"),
    [
        (1, 12, 20, "1 file left out:"),
        (1, 20, 20, "1 file left out, the next one taken instead:"),
        (2, 20, 20, "2 files left out, the next ones taken instead:"),
        (3, 19, 20, "3 files left out, 2 others taken instead:"),
    ],
)
def test_files_left_out_are_said_to_be_replaced_where_they_were(
    monkeypatch, lost, read, asked, expected
):
    told = []
    monkeypatch.setattr(own_data.st, "warning", told.append)
    own_data.say_left_out(["a.txt"] * lost, read, asked)
    assert told[0].split("  \n") == [expected, *["a.txt"] * lost]
    own_data.say_left_out([], read, asked)
    assert len(told) == 1
