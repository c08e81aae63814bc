"""Robustness report in a browser: every tab draws, a point says its conditions, and on a phone."""

import re

import pytest

from robust_core.dashboard.robustness_report import tabs
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.plan import PLANS
from robust_core.evaluation.defense_table.rows import CURVES
from robust_core.paths import RESULTS

PAGE = "robustness_report"
CHART = ".js-plotly-plot .main-svg"
MEASURED = [name for name in PLANS if (RESULTS / f"{name}.json").is_file()]


@pytest.fixture
def opened(opening):
    """``opened(query, width, height)``: the page with its first chart."""
    return lambda query="", *size, **options: opening(f"{PAGE}?{query}", CHART, *size, **options)


@pytest.mark.parametrize("suite", MEASURED)
def test_every_tab_draws_what_was_measured(opened, suite):
    report = results.report(RESULTS / f"{suite}.json")
    page = opened(f"report={suite}")
    page.get_by_text(re.compile(r"\d+ of \d+ defences still gain")).wait_for()
    box = page.locator(".js-plotly-plot").first.bounding_box()
    assert box["y"] + box["height"] <= 720, "the chart is not on a projector's first screen"
    expected = [title for title, (part, _) in tabs.TABS.items() if report.rows(part)]
    assert page.get_by_role("tab").all_inner_texts() == expected
    for title in expected:
        page.get_by_role("tab", name=title, exact=True).click()
        panel = page.locator("[role=tabpanel]:visible")
        drawn = "[data-testid=stDataFrame]" if title == "All figures" else CHART
        panel.locator(drawn).first.wait_for()


def test_a_point_says_what_it_was_measured_with(opened):
    subject = "pgd-at"
    report = results.report()
    page = opened(f"report_defenses_curves_subjects={subject}")
    row = report.curve(subject, "adaptive", CURVES)[-1]
    points = page.locator(".js-plotly-plot .scatterlayer .points path")
    points.last.scroll_into_view_if_needed()
    box = points.last.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = page.locator(".js-plotly-plot .hoverlayer")
    said.get_by_text(f"{row.n:,} pictures, pgd, adaptive").wait_for()
    said.get_by_text(row.command).wait_for()


def test_a_phone_never_scrolls_sideways(opened):
    page = opened(width=390, height=844, color_scheme="dark")
    chart = page.locator(".js-plotly-plot").first.bounding_box()
    assert chart["y"] + chart["height"] <= 844, "the chart is not on the first screen"
    main = "document.querySelector('[data-testid=stMain]')"
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(300)
        assert page.evaluate(f"{main}.scrollWidth <= innerWidth")
