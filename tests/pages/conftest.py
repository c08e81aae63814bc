"""What holds for all tests of pages."""

import pytest


@pytest.fixture(autouse=True)
def _no_data(monkeypatch, tmp_path):
    """Whatever data sets and downloaded models this machine has: the page sees none."""
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
