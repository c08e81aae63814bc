"""Options made from the fields of attacks."""

import argparse
from dataclasses import dataclass, fields

import pytest

from robust_core import attacks
from robust_core.attacks.base import Attack
from robust_core.commands import options
from robust_core.parameters import parameter


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    options.add_hyper_parameters(made)
    return made


@pytest.mark.parametrize("name", attacks.local_names())
def test_every_field_has_an_option_with_its_help(name):
    text = " ".join(parser().format_help().split())
    for spec in fields(attacks.get(name)):
        own = spec.name not in ("eps", "seed")  # these two belong to the commands
        if own and spec.metadata["method"] is None:  # objects are for Python alone
            assert "--" + spec.name.replace("_", "-") in text
            assert " ".join(spec.metadata["help"].split()[:3]) in text


def test_a_new_attack_brings_its_own_options():
    @dataclass(frozen=True, kw_only=True)
    class Wobble(Attack):
        name, title, summary, equation = "wobble", "Wobble", "", ""
        wobble_width: float | None = parameter(None, "100 % of the width.", low=0)
        wild: bool = parameter(False, "Wildly.")
        shape: str = parameter("round", "Its shape.", choices=("round", "flat"))

    words = ["--wobble-width", "1/4", "--wild", "--shape", "flat"]
    wanted = Wobble(wobble_width=0.25, wild=True, shape="flat")
    with attacks.REGISTRY.temporarily(Wobble):
        given = options.given(parser().parse_args(words))
        assert attacks.create("wobble", **given) == wanted
        assert "100 % of the width" in parser().format_help()


def test_options_that_are_not_given_leave_no_trace():
    assert options.given(parser().parse_args([])) == {}


@pytest.mark.parametrize(
    ("text", "value"), [("20", 20), ("0.01", 0.01), ("1e-3", 0.001), ("8/255", 8 / 255), ("-1", -1)]
)
def test_numbers(text, value):
    assert options.number(text) == value
    assert type(options.number(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["", "a", "1/0", "1/2/3", "8/", "0x10", "nan", "-inf", "1e400", "inf/2", "9" * 400]
)
def test_what_is_no_number(text):
    with pytest.raises(argparse.ArgumentTypeError, match="8/255"):
        options.number(text)
