"""Names beside points: none on another, none outside, and those that come first win."""

from robust_core.dashboard import labels


def test_names_go_inwards_at_the_sides():
    found = labels.placed({"a": (0, 1, "left"), "b": (0.5, 0.5, "mid"), "c": (1, 0, "right")})
    assert found == {
        "a": ("left", "top right"),
        "b": ("mid", "top center"),
        "c": ("right", "top left"),
    }


def test_what_comes_first_is_named_and_what_lies_on_it_is_not():
    found = labels.placed(
        {"a": (0.9, 0.5, "first"), "b": (0.9, 0.5, "second"), "c": (0.1, 0.5, "third")}
    )
    assert [text for text, _ in found.values()] == ["first", "", "third"]


def test_a_line_apart_is_enough():
    apart = labels.LINE / labels.CANVAS[1]
    close = {"a": (0.5, 1.0, "one"), "b": (0.5, 1.0 - 0.9 * apart, "two")}
    far = {"a": (0.5, 1.0, "one"), "b": (0.5, 1.0 - 1.1 * apart, "two")}
    assert labels.placed(close)["b"][0] == ""
    assert labels.placed(far)["b"][0] == "two"


def test_nothing_and_one_point_alone():
    assert labels.placed({}) == {}
    assert labels.placed({"a": (0.7, 0.0, "alone")})["a"][0] == "alone"
