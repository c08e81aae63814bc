"""Names for results: equal requests, and only those, have equal keys."""

import hashlib
import json


def key_of(**parts: object) -> str:
    """The SHA-256, in hex, of the named parts as canonical JSON.

    Parts are strings, whole numbers, floats (told apart to the last bit), booleans, None, and
    lists, tuples and string-keyed dictionaries of these. The order of names does not matter; a
    tuple equals the list of its items; 1, 1.0 and True differ.

    Raises ``TypeError`` for anything else: for a picture, use the hash of its bytes.
    """
    for name, part in parts.items():
        _check(name, part)
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


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
