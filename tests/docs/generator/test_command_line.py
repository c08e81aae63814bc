"""The reference of the command line: what ``--help`` shows, and nothing that it hides."""

import argparse

from docs.generator.command_line import section


def test_hidden_options_are_not_listed():
    parser = argparse.ArgumentParser(prog="robust-lab cook")
    parser.add_argument("--salt", metavar="N", help="grains")
    parser.add_argument("--sodium", dest="salt", help=argparse.SUPPRESS)
    text = section("cook", parser)
    assert "| `--salt N` | grains |" in text
    assert "sodium" not in text
    assert "SUPPRESS" not in text
