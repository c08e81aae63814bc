"""The committed tables of the detectors say what the rows of the code say, key by key."""

import json
from dataclasses import fields

import pytest

from robust_core.detectors.measure import Figures
from robust_core.evaluation.detector_tables import rows
from robust_core.evaluation.detector_tables.results import FILE

ROWS = {
    "adversaries": rows.OwnAdversaryRow,
    "depth": rows.OwnAdversaryRow,
    "several": rows.SharedRow,
    "full_knowledge": rows.FullKnowledgeRow,
    "unseen": rows.UnseenRow,
    "roc": rows.RocRow,
    "reject": rows.RejectRow,
}
UNSEEN = {spec.name for spec in fields(rows.UnseenRow)} - {"floats"} | {*Figures.__annotations__}
"""What ``floats`` holds is beside the other keys."""
TABLES = {
    "transfer": rows.TransferTable,
    "several": rows.SharedTable,
    "sigma": rows.SigmaTable,
    "reject": rows.RejectTable,
}


@pytest.fixture(scope="module")
def parts() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))["parts"]


def keys(kind: type) -> set[str]:
    return {spec.name for spec in fields(kind)}


@pytest.mark.parametrize("part", ROWS)
def test_each_committed_row_has_the_fields_of_its_class(parts, part):
    for row in parts[part]["rows"]:
        assert set(row) == (keys(ROWS[part]) if part != "unseen" else UNSEEN)


@pytest.mark.parametrize("part", rows.TABLES)
def test_a_committed_part_read_and_written_again_is_the_same_to_the_byte(parts, part):
    written = parts[part]
    table = rows.TABLES[part].from_json(written)
    again = {"command": written["command"], **table.to_json()}
    assert json.dumps(again) == json.dumps(written)


@pytest.mark.parametrize("part", TABLES)
def test_each_committed_table_has_the_fields_of_its_class_and_its_command(parts, part):
    assert set(parts[part]) == keys(TABLES[part]) | {"command"}


def test_the_matrices_of_eps_stand_beside_n(parts):
    table = rows.EpsTable.from_json(parts["eps"])
    assert set(table.adversaries) == set(parts["eps"]) - {"n", "command"}
    assert all(isinstance(one, rows.EpsMatrix) for one in table.adversaries.values())
