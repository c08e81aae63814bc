"""What there is to print for a model: bundled stickers, and signs without and with bundled posters."""

from dataclasses import dataclass

import numpy as np

from robust_core import zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard.physical import sign_making
from robust_core.dashboard.universal_files import load
from robust_core.data import signs
from robust_core.data.fitting import to_pixels
from robust_core.words.verdict import quoted


@dataclass(frozen=True)
class Thing:
    """A square picture, uint8 ``[h, h, c]``, its title in a list, and what it is in a sentence."""

    name: str
    title: str
    pixels: np.ndarray
    told: str


def things(model: str) -> dict[str, Thing]:
    """All of a model, by their names."""
    stickers = [sticker(name) for name in zoo.universals(model, "patch")]
    made = [poster(name) for name in zoo.posters(model)]
    bare = [clean(sign) for sign in dict.fromkeys(load_sign(name) for name in zoo.posters(model))]
    return {thing.name: thing for thing in (*stickers, *made, *bare)}


def load_sign(name: str) -> str:
    """The sign that a bundled poster is for."""
    return sign_making.load(name).sign


def sticker(name: str) -> Thing:
    """A bundled sticker."""
    universal = load(name)
    assert isinstance(universal, PatchUniversal)
    target = universal.record.get("goal_parameters", {}).get("target")
    model = universal.record["model"]
    aim = "" if target is None else f" to say {quoted(zoo.describe(model).class_names[target])}"
    told = f"{name}: made for {model}{aim}"
    return Thing(name, "The sticker", on_paper(universal), told)


def on_paper(universal: PatchUniversal) -> np.ndarray:
    """A sticker as uint8 ``[h, h, c]``, white where a round one ends."""
    pixels = to_pixels(universal.delta)[0]
    inside = universal.mask.reshape(len(pixels), -1, 1).bool().numpy()
    return np.where(inside, pixels, np.uint8(255))


def poster(name: str) -> Thing:
    """A sign with a bundled poster, in colours that a printer has, before white paper."""
    found = sign_making.load(name)
    sign, target = (signs.get(each).title for each in (found.sign, found.target))
    put = {"sign": "a poster", "found": "stickers"}.get(found.entry["area"], "bars")
    told = f"{name}: made for {found.entry['model']} to take {quoted(sign)} for {quoted(target)}"
    pixels = sign_making.in_frame(found.poster.as_printed, found.sign)
    return Thing(name, f"{sign} with {put}", pixels, told)


def clean(sign: str) -> Thing:
    """A sign on which nothing is put, to compare with."""
    title = signs.get(sign).title
    picture, _ = signs.draw(sign, sign_making.plan.SIDE)
    return Thing(
        sign, f"{title} as it is", sign_making.in_frame(picture, sign), f"{title}, unchanged"
    )
