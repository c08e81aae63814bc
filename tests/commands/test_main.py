"""The frame of all commands: help, mistakes, interruptions, start-up."""

import json
import os
import subprocess
import sys

import pytest
import torch

from robust_core.__main__ import main
from robust_core.commands.parser import COMMANDS
from robust_core.paths import ROOT


def python(*arguments: str) -> subprocess.CompletedProcess:
    """A true process in the project's root."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_no_command_prints_help(command):
    ended = command()
    assert ended.status == 0
    assert all(name in ended.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(command, name):
    ended = command(name, "--help")
    assert ended.status == 0
    assert f"robust_core {name}" in ended.out
    assert ended.err == ""


QUICK = [
    ["--help"],
    ["evaluate-detectors", "--help"],
    ["train", "--help"],
    ["data", "--help"],
    ["data", "where"],
]


@pytest.mark.parametrize("arguments", QUICK)
def test_quick_answers_do_not_wait_for_torch(arguments):
    code = (
        "import sys; from robust_core.__main__ import main; "
        f"status = main({arguments}); sys.exit(status or 'torch' in sys.modules)"
    )
    assert python("-c", code).returncode == 0


def test_unknown_command_names_the_known(command):
    complaint = command("frob").complaint
    assert "frob" in complaint
    assert all(name in complaint for name in COMMANDS)


def test_options_are_not_guessed_from_a_beginning(command):
    assert "--limi" in command("evaluate", "--limi", "3").complaint


def test_ctrl_c_is_one_line_and_130(command, monkeypatch):
    from robust_core.commands import data

    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(data, "run", interrupt)
    ended = command("data", "where")
    assert ended.status == 130
    assert ended.err == "robust_core: stopped\n"


def test_full_memory_is_a_sentence_and_other_bugs_are_not_hidden(command, monkeypatch):
    from robust_core.commands import data

    def fail(error):
        def run(args):
            raise error

        monkeypatch.setattr(data, "run", run)

    fail(torch.OutOfMemoryError("CUDA out of memory"))
    ended = command("data", "where")
    assert ended.status == 1
    assert "memory" in ended.err
    assert len(ended.err.splitlines()) == 1
    fail(RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        main(["data", "where"])


def test_a_real_process_keeps_json_alone_on_stdout(tmp_path):
    ended = python(
        *("-m", "robust_core", "attack", "sample:digits-test-3", "--model", "digits-cnn"),
        *("--attack", "fgsm", "--eps", "0.1", "--json", "--device", "cpu"),
    )
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["attack"] == "fgsm"
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes end differently there")
def test_a_reader_that_has_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "robust_core", "data", "where"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        timeout=100,
        check=False,
    )
    os.close(writer)
    assert ended.returncode == 0
    assert ended.stderr == b""
