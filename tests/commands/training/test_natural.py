"""``train`` for the networks of texts and signals."""

from robust_core.natural import bundle
from robust_core.training import natural


def test_the_command_trains_one_and_refuses_what_its_recipe_fixes(command, tmp_path, monkeypatch):
    monkeypatch.setattr(natural, "TEXTS", 60)
    ended = command("train", bundle.REPORTS, "--folder", tmp_path, "--json")
    assert ended.status == 0, ended.err
    assert ended.json["n_train"] == 60
    assert (tmp_path / "reports-ngrams.safetensors").is_file()
    assert "takes no --epochs" in command("train", bundle.REPORTS, "--epochs", "3").complaint
