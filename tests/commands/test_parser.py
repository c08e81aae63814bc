"""The parser: every command has its options, and slow imports wait until they are needed."""

import argparse

import pytest

from robust_core.commands.parser import COMMANDS, build_parser


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return action.choices


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def test_the_whole_parser_knows_what_each_command_knows():
    whole = commands_of(build_parser(whole=True))
    assert list(whole) == list(COMMANDS)
    for name in COMMANDS:
        alone = commands_of(build_parser(name))[name]
        assert options_of(whole[name]) == options_of(alone) > {"--help"} or name == "data"


def test_only_the_command_asked_for_has_options():
    parsers = commands_of(build_parser("train"))
    assert "--epochs" in options_of(parsers["train"])
    assert options_of(parsers["attack"]) == {"-h", "--help"}


def test_the_name_of_the_program_is_that_of_the_caller():
    assert build_parser(prog="robust-lab").format_usage().startswith("usage: robust-lab ")


def test_a_mistake_is_a_value_error():
    with pytest.raises(ValueError, match="frob"):
        build_parser().parse_args(["frob"])
