"""Class names from text."""

import pytest

from robust_core.zoo.own.names import names_of


def test_lists_files_and_data_sets(tmp_path):
    lines, array = tmp_path / "a.txt", tmp_path / "b.json"
    lines.write_text("cat\n dog, small\n\nbird\n", encoding="utf-8")
    array.write_text('["cat", "dog"]', encoding="utf-8")
    assert names_of("cat, dog") == ("cat", "dog")
    assert names_of(str(lines)) == ("cat", "dog, small", "bird")
    assert names_of(str(array)) == ("cat", "dog")
    assert names_of("digits")[:2] == ("0", "1")
    assert len(names_of("imagenet")) == len(set(names_of("imagenet"))) == 1000


def test_others_are_refused(tmp_path):
    binary, wrong = tmp_path / "c", tmp_path / "d"
    binary.write_bytes(b"\xff\xfe\x00")
    wrong.write_text("[1, 2", encoding="utf-8")
    for text, words in (
        ("nothing", "names with commas"),
        (str(binary), "is not text"),
        (str(wrong), "not valid JSON"),
        ("one,", "2 to 100,000"),
    ):
        with pytest.raises(ValueError, match=words):
            names_of(text)
