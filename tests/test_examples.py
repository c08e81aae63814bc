"""The examples are short, run without a network from any folder, and show what they promise."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """``run(name)``: what an example prints, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run_(name: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", [name])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    return run_


def test_each_is_at_most_forty_lines_and_says_how_to_run_it():
    scripts = sorted(EXAMPLES.glob("*.py"))
    assert len(scripts) == 6
    for path in scripts:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40, path.name
        assert f"python examples/{path.name}" in text.split('"""')[1], path.name


def test_a_photograph_from_another_folder(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    script = EXAMPLES / "attack_a_photograph.py"
    done = subprocess.run(
        [sys.executable, script],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.splitlines()[:2]
    assert before.split()[1] == "cat"
    assert after.split()[1] != "cat"
    assert (tmp_path / "adv.png").stat().st_size


def test_every_attack_has_a_line(run):
    from robust_core import attacks

    lines = [line.split() for line in run("every_attack")[1:]]
    assert [line[0] for line in lines] == attacks.local_names()
    fooled = {line[0]: int(line[2].split("/")[0]) for line in lines}
    assert fooled["noise"] < fooled["pgd"] == 8


def test_more_false_alarms_allowed_more_is_flagged(run):
    rows = [re.findall(r"[\d.]+", line) for line in run("detector_and_threshold")[3:]]
    thresholds, clean, adversarial = ([float(row[k]) for row in rows] for k in (1, 2, 3))
    assert thresholds == sorted(thresholds, reverse=True)
    assert clean == sorted(clean)
    assert adversarial == sorted(adversarial)
    assert all(found > false for found, false in zip(adversarial, clean, strict=True))


def test_the_aware_attacker_breaks_the_defence(run):
    clean, unaware, aware = (
        int(line.split()[-1]) for line in run("defence_and_what_breaks_it")[1:4]
    )
    assert clean > unaware > aware


def test_what_is_certified_shrinks_with_the_radius(run):
    lines = [line for line in run("certificate") if line.startswith("right, and certified")]
    shares = [int(line.split()[-1].rstrip("%")) for line in lines]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 50


def test_a_transformer_of_your_own(run):
    alone, defended, watched = run("own_model")
    shares = [[int(x) for x in re.findall(r"(\d+)%", line)] for line in (alone, defended)]
    assert alone.startswith("VisionTransformer: ")
    assert shares[0][0] > 60
    assert shares[0][1] < shares[1][1] < shares[0][0]
    clean, attacked = map(float, re.findall(r"0\.\d+", watched))
    assert clean < attacked
