"""``evaluate --suite transfer``: row by row, resumed, and refused where it would mix."""

import json

from robust_core.evaluation.transfer import plan


def test_rows_are_made_once_and_printed_as_a_matrix(command, monkeypatch, tmp_path):
    family = plan.Family("digits", "digits-cnn", (0.1, 0.2), (0.0, 5.0), {"fgsm": 20, "cw-l2": 2})
    monkeypatch.setitem(plan.FAMILIES, "digits", family)
    out = tmp_path / "transfer.json"
    line = ("evaluate", "--suite", "transfer", "--part", "digits", "--device", "cpu", "--out", out)
    first = command(*line)
    assert first.status == 0
    assert "fgsm, eps 0.2, first 20 test pictures of digits" in first.out
    assert "cw-l2, confidence 5, first 2 test pictures" in first.out
    made = json.loads(out.read_text())
    assert len(made["parts"]["digits"]["rows"]) == 8
    assert len(first.err.split("digits: ")) == 9
    again = command(*line)
    assert again.status == 0
    assert "digits: " not in again.err
    assert json.loads(out.read_text()) == made


def test_another_limit_or_a_damaged_file_is_not_written_over(command, tmp_path):
    out = tmp_path / "transfer.json"
    line = ("evaluate", "--suite", "transfer", "--part", "digits", "--out", out)
    out.write_text('{"suite": "transfer", "limit": 5, "parts": {}}')
    assert "another suite or limit" in command(*line).complaint
    out.write_text("{")
    assert "is damaged" in command(*line).complaint
    assert "leave out --attack" in command(*line, "--attack", "pgd").complaint
