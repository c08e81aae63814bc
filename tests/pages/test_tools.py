"""Tools: every tool with its link, and the cross-check as the committed files have it."""

import pytest

from robust_core.dashboard.tools import checked, listed
from robust_core.paths import RESULTS
from tests.visiting import ran, text, visit


def test_every_tool_is_linked_and_those_checked_are_in_the_committed_files():
    page = ran(visit("tools"))
    told = text(page)
    versions = {name for part in checked.FILES for name in checked.report(part)["versions"]}
    for tool in (*listed.DECK, *listed.TODAY):
        assert f"[**{tool.title}**]({tool.link})" in told
        assert not tool.checked or tool.checked in versions
    assert [tool.title.split()[0] for tool in listed.DECK] == [
        "Adversarial",
        "Foolbox",
        "CleverHans",
        "AdvBox",
    ]


def test_the_tables_hold_every_comparison_and_name_their_conditions():
    norm = checked.report("minimum-norm")
    rows = checked.strength(norm)
    assert len(rows) == sum(len(row["contestants"]) for row in norm["rows"])
    assert sum(row["library"] == "ours" for row in rows) == len(norm["rows"])
    compared = len(rows) - len(norm["rows"])
    assert checked.headline(norm).startswith(f"{compared} comparisons")
    page = ran(visit("tools"))
    assert len(page.dataframe) == 2
    assert len(page.dataframe[0].value) == len(rows)
    assert norm["model"] in text(page)
    assert norm["machine"]["cpu"] in text(page)


def test_without_the_files_it_says_so(monkeypatch, tmp_path):
    assert (RESULTS / "benchmark-attacks.json").is_file()
    monkeypatch.setattr(checked, "RESULTS", tmp_path)
    page = ran(visit("tools"))
    assert any("cannot be read" in info.value for info in page.info)


@pytest.mark.parametrize("part", checked.FILES)
def test_conditions_name_a_machine_and_versions(part):
    told = checked.conditions(checked.report(part))
    assert "torch" in told
    assert "cores" in told
