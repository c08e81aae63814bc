"""Names for results: equal requests, and only those, have equal keys."""

import hashlib
import json
from typing import Self


class Key(str):
    """A key, and the only session to which its result belongs; None where all may share it."""

    owner: str | None

    def __new__(cls, text: str, owner: str | None = None) -> Self:
        key = super().__new__(cls, text)
        key.owner = owner
        return key


def owner_of(key: str) -> str | None:
    """The session that the result under ``key`` is kept for; None: for everybody."""
    return key.owner if isinstance(key, Key) else None


def key_of(*, owner: str | None = None, **parts: object) -> Key:
    """The SHA-256, in hex, of the named parts as canonical JSON.

    ``owner`` is the only session to which the result belongs; its keys differ from everybody else's. A key
    among the parts hands its owner on: what is made from somebody's picture is theirs too.

    Parts are strings, whole numbers, floats (told apart to the last bit), booleans, None, and
    lists, tuples and string-keyed dictionaries of these. The order of names does not matter; a
    tuple equals the list of its items; 1, 1.0 and True differ.

    Raises ``TypeError`` for anything else: for a picture, use the hash of its bytes.
    """
    for name, part in parts.items():
        _check(name, part)
    owner = owner or next(
        filter(None, (owner_of(p) for p in parts.values() if isinstance(p, str))), None
    )
    text = json.dumps([owner, parts], sort_keys=True, separators=(",", ":"))
    return Key(hashlib.sha256(text.encode("ascii")).hexdigest(), owner)


def _check(name: str, part: object) -> None:
    if isinstance(part, dict):
        for key, item in part.items():
            # json would turn the key 1 into "1", and two requests would share one result.
            if not isinstance(key, str):
                raise TypeError(f"{name} has the dictionary key {key!r}: only strings are allowed")
            _check(f"{name}.{key}", item)
    elif isinstance(part, list | tuple):
        for index, item in enumerate(part):
            _check(f"{name}[{index}]", item)
    elif not isinstance(part, str | int | float | None):
        raise TypeError(
            f"{name} is a {type(part).__name__}: a key is made of strings, numbers, booleans, "
            "None, lists and dictionaries; give the hash of a picture's bytes instead of it"
        )
