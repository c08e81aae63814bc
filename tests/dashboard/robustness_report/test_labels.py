"""Names beside points: none on another, none outside, and those that come first win."""

from robust_core.dashboard.robustness_report import labels


def test_names_go_inwards_at_the_sides():
    found = labels.placed({"a": (0, 1, "left"), "b": (0.5, 0.5, "mid"), "c": (1, 0, "right")})
    assert found == {
        "a": ("left", "top right"),
        "b": ("mid", "top center"),
        "c": ("right", "top left"),
    }


def test_what_comes_first_is_named_and_what_finds_no_place_is_not():
    here = {str(i): (0.9, 0.5, f"name {i}") for i in range(5)} | {"far": (0.1, 0.5, "far")}
    found = labels.placed(here)
    assert [text for text, _ in found.values()] == ["name 0", "name 1", "name 2", "", "", "far"]
    assert [side for _, side in found.values()][:3] == ["top left", "middle left", "bottom left"]


def test_no_name_lies_on_its_own_point():
    found = labels.placed(
        {"l": (0, 1, "l"), "r": (1, 1, "r")} | {str(i): (0.5, 0.5, "abc") for i in range(3)}
    )
    assert [found[str(i)][0] for i in range(3)] == ["abc", "abc", ""]


def test_no_name_lies_on_the_axis():
    found = labels.placed({"a": (0, 1, "a")} | {str(i): (1, 0, "name") for i in range(3)})
    assert [found[str(i)] for i in range(3)] == [
        ("name", "top left"),
        ("name", "middle left"),
        ("", "top left"),
    ]


def test_a_line_apart_is_enough():
    apart = labels.LINE / labels.CANVAS[1]
    far = {"a": (0.5, 1.0, "one"), "b": (0.5, 1.0 - 1.1 * apart, "two")}
    assert labels.placed(far)["b"] == ("two", "top right")
    close = {"a": (0.5, 1.0, "one"), "b": (0.5, 1.0 - 0.9 * apart, "two")}
    assert labels.placed(close)["b"] == ("two", "middle right")


def test_nothing_and_one_point_alone():
    assert labels.placed({}) == {}
    assert labels.placed({"a": (0.7, 0.0, "alone")})["a"][0] == "alone"
