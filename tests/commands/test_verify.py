"""``verify``: the numbers that machines read, the table that people read, and its mistakes."""

import pytest

from robust_core import verification
from robust_core.commands import verify
from robust_core.commands.verify import METHODS


def test_a_data_set_is_counted_and_listed(command):
    found = command(
        *("verify", "--data", "digits", "--model", "digits-mlp-ibp", "--eps", "0.1"),
        *("--method", "ibp", "--limit", "40", "--device", "cpu", "--json"),
    ).json
    assert (found["model"], found["eps"], found["method"], found["n"]) == (
        "digits-mlp-ibp",
        0.1,
        "ibp",
        40,
    )
    counts = {"proved": "verified", "broken": "broken", "unknown": "unknown"}
    counts |= {"wrong when clean": "clean_wrong"}
    for status, name in counts.items():
        assert found[name] == sum(row["status"] == status for row in found["rows"])
    assert found["verified"] >= 25
    assert all((row["status"] == "proved") == ((row["lower"] or -1) > 0) for row in found["rows"])
    assert all(row["upper"] <= 0 for row in found["rows"] if row["status"] == "broken")


@pytest.mark.parametrize("method", METHODS)
def test_one_picture_by_each_method(command, method):
    ended = command(
        *("verify", "sample:digits-test-0", "--model", "digits-mlp-ibp", "--eps", "2/255"),
        *("--method", method, "--device", "cpu"),
    )
    assert ended.status == 0, ended.err
    proved = 0 if method == "lp" else 1
    assert f"{proved} of 1 proved" in ended.out
    assert ("distance" in ended.out) == (method == "lp")


def test_its_methods_are_those_of_the_core():
    assert METHODS == verification.METHODS


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "verify needs one of PICTURE and --data"),
        (("sample:digits-test-0", "--data", "digits"), "verify needs one of PICTURE and --data"),
        (("--data", "digits", "--label", "3"), "--label is for a PICTURE"),
        (("--data", "digits", "--method", "reluplex"), "method must be one of ibp, crown"),
        (("--data", "digits", "--seconds", "0"), "seconds, the time for each picture, must be"),
        (("--data", "cifar10"), "cifar10 pictures are 32x32 RGB"),
    ],
)
def test_mistakes_end_in_one_line(command, options, complaint):
    ended = command("verify", *options, "--model", "digits-mlp", "--eps", "0.1")
    assert ended.complaint.startswith(complaint)


def test_a_negative_radius_and_an_unknown_layer_are_refused(command):
    ended = command("verify", "--data", "digits", "--model", "digits-mlp", "--eps", "-1")
    assert "must be a number from 0" in ended.complaint
    ended = command(
        "verify", "sample:chelsea", "--model", "cifar10-resnet32-saturated", "--eps", "0"
    )
    assert "cannot be compiled" in ended.complaint


def test_a_long_wait_is_announced(command, monkeypatch):
    asked = ("verify", "sample:digits-test-0", "--model", "digits-mlp", "--eps", "0.01")
    assert "ReLUs" not in command(*asked, "--device", "cpu").err
    monkeypatch.setattr(verify, "LONG", 0.0)
    told = command(*asked, "--device", "cpu").err
    assert "This network has 200 ReLUs: bounds may take up to about" in told
    assert "ReLUs" not in command(*asked, "--method", "ibp", "--device", "cpu").err
