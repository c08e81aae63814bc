"""The parts of ``evaluate-detectors``: each is made by a function, and printed."""

import json

import pytest

from robust_core.commands.detector_tables.parts import PARTS
from robust_core.evaluation.detector_tables.results import FILE
from robust_core.evaluation.detector_tables.rows import TABLES


@pytest.mark.parametrize("name", PARTS)
def test_each_part_has_a_maker_and_a_text_of_the_committed_table(name):
    part = PARTS[name]
    assert part.maker.__module__.endswith(f"detector_tables.{part.module}")
    table = TABLES[name].from_json(json.loads(FILE.read_text(encoding="utf-8"))["parts"][name])
    head, *lines = part.text(table).splitlines()
    assert head == f"{name}: {part.title} ({table.n} test pictures)"
    assert lines
