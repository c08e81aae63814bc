"""Where files live, with and without what says so."""

from pathlib import Path

import pytest

from robust_core import paths

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def homeless(monkeypatch):
    """A user without a home folder and without settings, as in some containers."""

    def home():
        raise RuntimeError("Could not determine home directory.")

    for name in ("ROBUST_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)


def test_the_repository_is_where_app_pages_and_assets_are():
    assert ROOT == paths.ROOT
    assert paths.APP.is_file()
    assert paths.WEIGHTS.is_dir()
    assert paths.RESULTS.is_dir()


def test_data_is_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUST_DATA", raising=False)
    assert paths.data_folder() == tmp_path / "cache" / "robust-lab"
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path / "data"))
    assert paths.data_folder() == tmp_path / "data"


def test_without_a_home_the_cache_is_a_temporary_folder_of_the_user(
    homeless, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert paths.cache_home().parent == tmp_path
    assert paths.data_folder().is_relative_to(paths.cache_home())
