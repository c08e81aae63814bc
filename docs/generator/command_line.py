"""The commands and their options, read from the parser."""

import argparse
from collections.abc import Iterator

from docs.generator.markdown import table
from robust_core.commands.parser import build_parser


def reference() -> str:
    """A section for each command, in the order in which ``--help`` lists them."""
    return "\n\n".join(section(*command) for command in sub_parsers(build_parser(whole=True)))


def sub_parsers(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The sub-commands of a parser by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def section(name: str, parser: argparse.ArgumentParser, level: int = 2) -> str:
    """Heading, description, usage, a table for each group of options, epilogue, sub-commands."""
    parts = [f"{'#' * level} {name}", parser.description or "", f"```\n{usage(parser)}\n```"]
    for group in parser._action_groups:
        rows = [(invocation(a), help_of(parser, a)) for a in group._group_actions if listed(a)]
        if rows:
            kind = "arguments" if group.title == "positional arguments" else group.title or ""
            about = [f"{group.description}"] if group.description else []
            parts += [f"**{kind[:1].upper()}{kind[1:]}**", *about]
            parts.append(table({"option": "l", "meaning": "l"}, rows))
    if parser.epilog:
        parts.append(parser.epilog)
    parts += [section(f"{name} {sub}", each, level + 1) for sub, each in sub_parsers(parser)]
    return "\n\n".join(filter(None, parts))


def listed(action: argparse.Action) -> bool:
    """Whether an action is an option of its own: not ``--help``, a hidden one or the sub-commands."""
    hidden = action.help is argparse.SUPPRESS
    return not hidden and not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def invocation(action: argparse.Action) -> str:
    """``--eps E``, ``PICTURE``."""
    value = arguments(action)
    if not action.option_strings:
        return f"`{value}`"
    return ", ".join(f"`{f'{option} {value}'.strip()}`" for option in action.option_strings)


def arguments(action: argparse.Action) -> str:
    """What follows an option, or stands for an argument."""
    if action.nargs == 0:
        return ""
    name = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    return f"{name} [{name} ...]" if action.nargs == "+" else str(name)


def usage(parser: argparse.ArgumentParser) -> str:
    """What must be given; all else is in the tables."""
    needed = [
        " ".join(filter(None, [*a.option_strings[:1], arguments(a)]))
        for a in parser._actions
        if listed(a) and a.required
    ]
    optional = [
        f"[{arguments(a)}]" for a in parser._actions if not a.option_strings and not a.required
    ]
    more = any(a.option_strings and not a.required for a in parser._actions if listed(a))
    sub = ["ACTION"] if any(True for _ in sub_parsers(parser)) else []
    words = [parser.prog, *needed, *optional, *sub, *(["[options]"] if more else [])]
    return " ".join(words)


def help_of(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """The help text as ``--help`` prints it."""
    return (action.help or "") % {**vars(action), "prog": parser.prog}
