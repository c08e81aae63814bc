"""Attacks and defences, read from their classes: what each does, and its hyper-parameters."""

import inspect
import types
import typing
from collections.abc import Iterable
from dataclasses import Field, fields

from docs.generator.markdown import cite, table
from robust_core import attacks, defenses
from robust_core.parameters import Parameters


def attack_table() -> str:
    """The attacks on a classifier."""
    return _attacks(attacks.names())


def pair_table() -> str:
    """The attacks on a classifier and its detector."""
    return _attacks(attacks.names(pair=True))


def _attacks(names: list[str]) -> str:
    heads = dict.fromkeys(("name", "attack", "what it does", "norm", "knowledge", "source"), "l")
    kinds = [attacks.get(name) for name in names]
    rows = (
        (f"`{kind.name}`", kind.title, kind.summary, norm(kind), kind.knowledge, cite(kind.paper))
        for kind in kinds
    )
    return table(heads, rows)


def norm(kind: type[attacks.Attack]) -> str:
    """The norm of the attack's change; for a few a hyper-parameter decides."""
    fixed = isinstance(inspect.getattr_static(kind, "norm"), str)
    return kind.norm if fixed else f"{kind.norm} by default"


def attack_parameters() -> str:
    """The hyper-parameters of all attacks."""
    return parameters(attacks.get(name) for name in [*attacks.names(), *attacks.names(pair=True)])


def defence_table() -> str:
    """What each defence does, what the aware attacker does, and what breaks it."""
    heads = dict.fromkeys(
        ("name", "defence", "kind", "what it does", "aware attacker", "broken by"), "l"
    )
    rows = (
        (
            f"`{kind.name}`",
            kind.title,
            kind.kind,
            f"{kind.summary} {cite(kind.paper)}",
            kind.aware,
            f"{kind.broken_by} {cite(kind.breaker)}",
        )
        for kind in map(defenses.get, defenses.names())
    )
    return table(heads, rows)


def defence_parameters() -> str:
    """The hyper-parameters of all defences."""
    return parameters(map(defenses.get, defenses.names()))


def parameters(kinds: Iterable[type[Parameters]]) -> str:
    """One row for each hyper-parameter of each class."""
    heads = {"name": "l", "parameter": "l", "default": "r", "allowed": "l", "meaning": "l"}
    rows = (
        (f"`{kind.name}`", f"`{spec.name}`", default(spec), allowed(spec), spec.metadata["help"])
        for kind in kinds
        for spec in fields(kind)
    )
    return table(heads, rows)


def default(spec: Field) -> str:
    """The default of a field; a multiple of 1/255 as such."""
    if spec.metadata["method"]:
        return "none" if spec.default is None else "required"
    return value(spec.default)


def value(number: object) -> str:
    """``8/255``, ``0.02``, ``yes``, ``none``."""
    if number is None:
        return "none"
    if isinstance(number, bool):
        return "yes" if number else "no"
    if isinstance(number, float):
        steps = round(255 * number)
        short = f"{number:g}"
        return f"{steps}/255" if steps / 255 == number and float(short) != number else short
    return f"{number:,}" if isinstance(number, int) else str(number)


def allowed(spec: Field) -> str:
    """The range of a field, or its choices."""
    limits = spec.metadata
    if limits["method"]:
        return f"an object with a method `{limits['method']}`"
    if limits["choices"] is not None:
        return ", ".join(map(value, limits["choices"]))
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    if bool in kinds:
        return "yes, no"
    low, above, high = limits["low"], limits["above"], limits["high"]
    start = f"above {above:g}" if above is not None else f"{low:g}"
    if high is None or high == attacks.base.LARGEST:  # no two pictures are further apart
        return start if above is not None else f"{start} or more"
    end = "2^31 - 1" if high == 2**31 - 1 else f"{high:,g}"
    return f"{start}, at most {end}" if above is not None else f"{start} to {end}"
