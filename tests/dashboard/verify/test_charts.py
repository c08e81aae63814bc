"""The eps line as HTML, the charts and the sentences: pure functions of what was found."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from robust_core.dashboard.verify import charts, pictures, plane, words, zones
from robust_core.experiment.sandwich import MOST_CLASSES, Exact, Found, Sandwich, nearest
from robust_core.experiment.verified import LARGEST, Line
from robust_core.experiment.verified_set import Survey
from robust_core.toys.reachable import reachable
from robust_core.verification import LayerBounds, Solved
from tests.letters import small_letters

LINE = Line(
    proved={"ibp": 0.02, "crown": 0.05},
    broken={"deepfool-linf": 0.1, "pgd": 0.08},
    spent={"ibp": 0.1, "pgd": 0.2, "pgd-t": 0.2},
)


def widths(html: str, kind: str) -> list[float]:
    found = re.findall(rf"<i class={kind} style='left:([\d.]+)%;width:([\d.]+)%'", html)
    return [float(number) for pair in found for number in pair]


def test_three_zones_share_the_line():
    html = zones.html(LINE, 0.06)
    assert widths(html, "proved")[:2] == [0.0, pytest.approx(25)]
    assert widths(html, "unknown") == [pytest.approx(25), pytest.approx(15)]
    assert widths(html, "broken") == [pytest.approx(40), pytest.approx(60)]
    assert "left:30.000%" in html, "eps is marked"
    told = {row.title: row.told for row in zones.rows(LINE)}
    assert told == {
        "IBP": "to 0.0200",
        "CROWN": "to 0.0500",
        "PGD, each class": "finds none nearer",
        "PGD": "from 0.0800",
        "DeepFool": "from 0.1000",
    }


NEAR = Line(proved={"crown": 0.002}, broken={"pgd": 0.004})


def test_a_line_that_is_broken_early_is_drawn_to_its_end_and_enlarged():
    html = zones.html(NEAR, 0.001)
    assert zones.enlarged(NEAR) == 0.01
    assert widths(html, "proved")[:2] == [0, pytest.approx(1)]
    assert [pytest.approx(w) for w in widths(html, "proved")[2:4]] == [0, 20]
    assert widths(html, "broken") == [pytest.approx(x) for x in (2, 98, 40, 60)]
    assert f"<span style='left:100.000%'>{LARGEST:g}</span>" in html
    assert "left:0.500%" in html, "eps is marked on the whole line"
    assert "left:10.000%" in html, "and on the enlarged one"
    assert "<i class=proved style='left:0;width:20.000%'>" in html, (
        "methods are on the enlarged one"
    )


def test_what_lies_beyond_an_enlarged_line_is_not_marked_on_it():
    assert zones.html(NEAR, 0.15).count("class=eps") == 1
    assert zones.html(NEAR, 0.001).count("class=eps") == 2
    assert "Enlarged" not in zones.html(LINE, 0.001)
    assert zones.enlarged(Line()) == LARGEST, "nothing is broken yet"
    assert all(
        0.2 * zones.enlarged(Line(broken={"pgd": x}))
        <= x
        <= zones.enlarged(Line(broken={"pgd": x}))
        for x in (3e-4, 0.002, 0.0077, 0.0385, 0.0399)
    )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (LINE, "Proved up to eps 0.050, broken from 0.080. Between them nobody knows."),
        (Line(broken={"pgd": 0.01}), "Nothing is proved, broken from 0.010."),
        (NEAR, "Proved up to eps 0.0020, broken from 0.0040. Between them nobody knows."),
        (Line(proved={"ibp": 0.1}, broken={"milp": 0.102}), "Between them nobody knows."),
        (Line(proved={"ibp": 0.1}, broken={"pgd": math.inf}), "not broken below 0.2."),
        (Line(proved={"ibp": 0.1}, broken={"milp": 0.1001}), "the gap is closed"),
        (Line(right=False), "Wrong when clean: this network does not say 3"),
    ],
)
def test_the_headline_says_where_the_zones_end(line, told):
    assert told in words.headline(line, "3")


def test_lp_is_an_upper_bound_and_says_so():
    near = words.under_the_line(Line(nearest=0.12, spent={"ibp": 1.0}))
    assert "upper bound on the robust radius, and proves nothing" in near
    assert "0.1200" in near
    none = words.under_the_line(Line(searched=True))
    assert "no adversarial point nearer than 0.2" in none
    assert "proves nothing" in none
    for unknown in (Line(spent={"ibp": 1.0}), Line(spent={"ibp": 1.0}, roomy=False)):
        assert "LP (" not in words.under_the_line(unknown), "LP has not looked at the whole region"
    said = words.under_the_line(Line(unstable=940, undecided=(0.1,)))
    assert "940 ReLUs are undecided" in said
    assert "could not decide" in said
    assert "more than 1 GB of memory" in words.under_the_line(Line(roomy=False, unstable=940))


def made(reached: float = 0.5, pgd: float = 0.7) -> Sandwich:
    inf = math.inf
    layer = LayerBounds(
        "first", -torch.ones(1, 200), torch.ones(1, 200), torch.linspace(-1, 1, 200)[None]
    )
    return Sandwich(
        eps=0.1,
        classes=("a", "b", "<c>"),
        label=0,
        clean=torch.tensor([0.0, 3, 4]),
        lower={
            "ibp": torch.tensor([inf, -5, -6]),
            "crown": torch.tensor([inf, -1, 1]),
            "crown-optimised": torch.tensor([inf, -0.5, 1]),
        },
        reached=torch.tensor([inf, reached, 2]),
        layers={"ibp": [layer], "crown": [layer]},
        unstable={"ibp": 200, "crown": 200},
        neurons=200,
        pgd=Found(torch.zeros(1, 2, 2), pgd, "a"),
    )


BROKEN = Exact(
    solved=(Solved(1, -0.4, -0.4, None, True, 0.1, 3),),
    status="broken",
    least=-0.4,
    lower=-0.4,
    seconds=0.1,
    counterexample=Found(torch.ones(1, 2, 2) * 0.1, -0.4, "<b>"),
)


def test_bars_reach_from_the_best_bound_to_the_attack():
    figure = charts.margins(made(), BROKEN)
    bar = figure.data[0]
    assert list(bar.y) == ["not <c>", "not b"], "the nearest class is at the top"
    assert list(bar.base) == [1, -0.5]
    assert list(bar.x) == [1, 1.0]
    exact = next(trace for trace in figure.data if trace.name == "exact")
    assert exact.x[1] == -0.4
    assert math.isnan(exact.x[0])
    assert figure.layout.xaxis.range[0] > -5, "IBP's bounds do not squeeze the others"
    assert not list(small_letters(figure.to_plotly_json(), "margins"))
    assert "not b -0.50 to 0.50" in charts.margins_alt(made())


def test_what_is_said_at_one_radius():
    assert "nobody knows" in words.at_eps(made(), None)
    assert "an attack breaks it" in words.at_eps(made(reached=-0.1), None)
    assert "untargeted PGD finds nothing. The solver does" in words.at_eps(made(), BROKEN)
    assert "it is broken" in words.at_eps(made(pgd=-0.2), BROKEN)
    assert "it is proved" in words.at_eps(made(), Exact(status="proved", lower=0.2))
    assert "Sent towards each class" in words.pgd(made(reached=-0.1))
    assert "Sent towards each class" not in words.pgd(made())
    assert "exactly" in words.solver(BROKEN)


def test_of_many_classes_the_nearest_are_drawn():
    inf, count = math.inf, 2 * MOST_CLASSES
    lower = {"ibp": torch.tensor([inf, *range(count, 0, -1)])}
    assert nearest(lower, 0) == list(range(count - MOST_CLASSES + 1, count + 1))
    many = replace(
        made(),
        classes=tuple(map(str, range(count + 1))),
        lower=dict.fromkeys(made().lower, *lower.values()),
    )
    assert many.rivals == nearest(lower, 0)
    assert f"the {MOST_CLASSES} nearest of {count} other classes" in words.sandwich_legend(many)
    assert "A bar for each other class" in words.sandwich_legend(made())


def test_pictures_are_escaped_and_framed_by_what_they_are():
    html = pictures.html(torch.zeros(1, 1, 2, 2), made(), BROKEN)
    assert html.count("<img") == 4
    assert "<figure class=wrong>" in html
    assert "<b>, " not in html
    assert "called &lt;b&gt;" in html
    assert pictures.html(torch.zeros(1, 1, 2, 2), made(), None).count("<img") == 2


def test_a_layer_of_many_neurons_is_thinned_out():
    layer = made().layers["crown"][0]
    figure = charts.layer(layer, layer)
    clean = next(trace for trace in figure.data if trace.name == "at the picture")
    assert len(clean.y) == charts.SHOWN
    assert list(clean.y) == sorted(clean.y)
    assert (clean.y[0], clean.y[-1]) == (-1, 1)


def test_areas_of_a_set_fill_the_chart():
    found = Survey(
        proved={"ibp": torch.tensor([0.01, 0.0, 0.0]), "crown": torch.tensor([0.05, 0.02, 0.0])},
        broken=torch.tensor([0.1, math.inf, 0.0]).double(),
        wrong=torch.tensor([False, False, True]),
    )
    figure = charts.shares(found, 0.05)
    areas = np.array([trace.y for trace in figure.data])
    assert np.allclose(areas.sum(0), 1)
    assert [trace.name for trace in figure.data] == [title for title, *_ in charts.PARTS.values()]
    assert list(found.shares(0.03).values()) == pytest.approx([0, 1 / 3, 1 / 3, 0, 1 / 3])
    assert found.shares(LARGEST)["broken"] == pytest.approx(1 / 3)


def test_the_plane_says_who_proves_it():
    told = [plane.told(reachable(eps)) for eps in (0.01, 0.12, 0.2, 0.3)]
    assert "IBP and CROWN prove it" in told[0]
    assert "the box of IBP is too large" in told[1]
    assert "neither IBP nor CROWN can prove it" in told[2]
    assert "Some answers are class 2" in told[3]
    figure = plane.answers(reachable(0.12))
    assert {trace.name for trace in figure.data} >= {"IBP", "CROWN", "exact", "class 2 above"}
