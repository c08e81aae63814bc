"""The frame that all charts stand in, and what they share."""

import ast
from pathlib import Path

import plotly.graph_objects as go
import pytest

from robust_core import attacks
from robust_core.dashboard import plots
from robust_core.dashboard.style import GREY
from tests.letters import small_letters

DASHBOARD = Path(plots.__file__).parent


def frames_of_their_own(source: str) -> list[str]:
    """Calls that make a layout, or put a chart on a page, past ``plots``."""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    names = (call.attr for call in calls if isinstance(call, ast.Attribute))
    return [name for name in names if name in ("Layout", "plotly_chart")]


def test_every_chart_stands_in_the_one_frame():
    for path in [*DASHBOARD.rglob("*.py"), *(DASHBOARD.parents[1] / "pages").glob("*.py")]:
        own = frames_of_their_own(path.read_text(encoding="utf-8"))
        assert not own or path.name == "plots.py", path


@pytest.mark.parametrize("source", ["go.Layout(height=3)", "st.plotly_chart(figure)"])
def test_a_frame_of_its_own_is_seen(source):
    assert frames_of_their_own(source)


@pytest.mark.parametrize(
    ("chart", "where"),
    [
        (go.Figure(layout={"legend": {"font": {"size": 11}}}), ".layout.legend.font"),
        (go.Figure(layout={"annotations": [{"font": {"size": 9}}]}), ".layout.annotations[0].font"),
        (go.Figure(go.Scatter(textfont={"size": [12, 10]})), ".data[0].textfont"),
        (go.Figure(go.Heatmap(texttemplate="%{z}")), ".data[0]: cells"),
    ],
)
def test_small_letters_are_seen(chart, where):
    """``tests/pages/conftest.py`` looks for them in every chart that a test of a page draws."""
    (found,) = small_letters(chart.to_plotly_json())
    assert found.startswith(where)


def test_letters_of_12_pixels_are_not_small():
    heat = go.Heatmap(texttemplate="%{z}", textfont={"size": plots.TEXT})
    assert not list(small_letters(go.Figure(heat, plots.layout(100)).to_plotly_json()))


def test_the_legend_stands_above_unless_there_is_none():
    assert go.Figure(layout=plots.layout(100)).layout.legend.y > 1
    assert "legend" not in plots.layout(100, legend=None).to_plotly_json()


@pytest.mark.parametrize("last", [0, 1, 3, 10, 11, 50, 310, 10_000, 49_999])
def test_ticks_of_steps_are_whole_and_few(last):
    apart = plots.whole_ticks(last)
    assert isinstance(apart, int)
    assert apart >= 1
    assert last / apart <= 10
    assert apart == 1 or last / apart > 4, "and not too few"


def test_attacks_of_a_family_look_alike_and_families_do_not():
    looks = {name: (plots.colour_of(name), plots.symbol_of(name)) for name in attacks.names()}
    assert looks["pgd"] == looks["pgd-l2"]
    families = {plots.family(name): look for name, look in looks.items()}
    assert len(set(families.values())) == len(families)
    assert plots.colour_of("no-attack") == GREY


def test_a_faint_colour_is_the_same_colour():
    assert plots.faint("#0072B2", 0.2) == "rgba(0, 114, 178, 0.2)"
