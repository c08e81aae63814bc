"""What a class needs, computed: the arithmetic on a load that can be followed by hand."""

import pytest

from docs.generator.results import deploy

MACHINE = {"cores": 2, "processor": "a processor", "streamlit": "1", "torch": "2"}
PAGE = {"runs_per_second": 4.0, "p50": 1.0, "p95": 2.0, "cpu": 0.5}


@pytest.fixture
def load(monkeypatch):
    """Two cores answer four times a second."""
    report = {"machine": MACHINE, "load": {"32": {"page": PAGE}}, "memory_mb": {"after_load": 500}}
    monkeypatch.setattr(deploy, "result", lambda name: report)


def test_sessions_a_core(load):
    # 4 a second on 2 cores, half of it planned for, a change in 10 s: 2 x 0.5 x 10
    assert "**10 sessions a core**" in deploy.capacity()


def test_replicas_of_classes(load):
    rows = [line for line in deploy.students().splitlines() if line.startswith(("| 30 ", "| 300 "))]
    small, large = ([cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows)
    assert small[2:5] == ["3 / 2.0 = 1.5, so 2", "2 + 1 = 3", "3 x 2 = 6"]
    assert small[6:] == ["15", "15 / 4.0 = 3.8"]
    assert large[2:4] == ["30 / 2.0 = 15.0, so 15", "15 + 1 = 16"]


def test_the_memory_is_the_sum_of_its_parts(load):
    said = deploy.memory()
    assert "it is 500 + 256 (results" in said
    assert "= 1780 MB" in said
