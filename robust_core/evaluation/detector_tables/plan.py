"""Which detectors belong in which table, by what each was fitted to according to the index."""

from collections.abc import Sequence

from robust_core import attacks, zoo
from robust_core.attacks import Attack

Entries = dict[str, dict]
"""Entries of the index by the detector's name."""
SUBNETWORK = "subnetwork"
STATIC_FORM = {"dynamic": "bim"}
"""What a detector that was trained dynamically was measured against: the attack at sigma 0."""
TRANSFER = ("fgsm", "bim", "bim-l2", "deepfool", "deepfool-linf")
"""The five adversaries of Metzen et al. (2017), in the order of their table."""
WITHOUT_EPS = "AD(4)"
"""Where the paper attaches detectors for DeepFool, the adversaries without an eps."""
STRONG = 0.3
"""An adversary enters comparisons if it leaves the classifier less accuracy than this."""


class MissingDetectors(ValueError):
    """A table cannot be made from the existing detectors. The message names what is missing."""


def attack_of(entry: dict) -> Attack:
    """The attack that a subnetwork was fitted to, with all its hyper-parameters."""
    name = entry["adversary"]
    return attacks.create(STATIC_FORM.get(name, name), **entry["recipe"]["parameters"])


def attacks_of(entry: dict) -> list[Attack]:
    """The attacks that a subnetwork for several was fitted to, in the order of their turns."""
    each = entry["recipe"]["parameters"]
    return [attacks.create(name, **each[name]) for name in fitted_to(entry)]


def static(entries: Entries) -> list[str]:
    """Subnetworks that were fitted to one adversary, whose pictures were made once."""
    return [
        name
        for name, entry in entries.items()
        if _is_subnetwork(entry) and not (_of_several(entry) or _dynamic(entry))
    ]


def several(entries: Entries) -> str | None:
    """The subnetwork that was fitted to several adversaries at once."""
    return next((name for name, entry in entries.items() if _of_several(entry)), None)


def depths(entries: Entries) -> list[list[str]]:
    """Static detectors of the same attack at several points, in the order of the points."""
    groups: dict[Attack, list[str]] = {}
    for name in static(entries):
        groups.setdefault(attack_of(entries[name]), []).append(name)
    deep = [g for g in groups.values() if len({entries[name]["point"] for name in g}) > 1]
    return [sorted(group, key=lambda name: entries[name]["point"]) for group in deep]


def radii(entries: Entries) -> dict[str, list[str]]:
    """By adversary: static detectors whose adversaries differ in eps alone, in the order of eps.

    Where an adversary has several such groups, the one with the most values of eps is taken.
    """
    groups: dict[tuple, list[str]] = {}
    for name in static(entries):
        entry = entries[name]
        if entry["eps"] is not None:
            other = {k: v for k, v in entry["recipe"]["parameters"].items() if k != "eps"}
            key = (entry["adversary"], entry["point"], *sorted(other.items()))
            groups.setdefault(key, []).append(name)
    found: dict[str, list[str]] = {}
    for (adversary, *_), group in groups.items():
        if len(group) > max(1, len(found.get(adversary, ()))):
            found[adversary] = sorted(group, key=lambda name: entries[name]["eps"])
    return found


def transfer(entries: Entries) -> list[str]:
    """A static detector for each of the five adversaries, as far as there is one.

    At the usual point of the classifier, the one with the smallest eps at which that is right on less
    than ``STRONG`` of the pictures, or with the largest eps where it never is; for an adversary without
    an eps, the one at ``WITHOUT_EPS``.
    """
    found = []
    for adversary in TRANSFER:
        mine = [name for name in static(entries) if entries[name]["adversary"] == adversary]
        with_eps = [name for name in mine if _usual(entries[name])]
        with_eps.sort(key=lambda name: entries[name]["eps"])
        strong = [name for name in with_eps if entries[name]["top1_adversarial"] < STRONG]
        without = [name for name in mine if _at(entries[name], None, WITHOUT_EPS)]
        found += strong[:1] or with_eps[-1:] or without[:1]
    return found


def pair(entries: Entries) -> tuple[str, str] | None:
    """A static detector and a dynamic one, at the same point and fitted to attacks of the same size."""
    for dynamic in (name for name, entry in entries.items() if _dynamic(entry)):
        wanted = (entries[dynamic]["point"], attack_of(entries[dynamic]))
        for name in static(entries):
            if (entries[name]["point"], attack_of(entries[name])) == wanted:
                return name, dynamic
    return None


def others(entries: Entries) -> list[str]:
    """Detectors of other methods than a subnetwork."""
    return [name for name, entry in entries.items() if not _is_subnetwork(entry)]


def one_of_each_kind(entries: Entries, default: str | None) -> list[str]:
    """One detector of each kind: the model's own, a static and a dynamic one, and the other methods."""
    first = [default] if default in entries else []
    return unique([*first, *(pair(entries) or ()), *others(entries)])


def fitted_to(entry: dict) -> list[str]:
    """The names of the adversaries that a detector was fitted to."""
    given = entry.get("adversary") or []
    return [given] if isinstance(given, str) else list(given)


def trained_eps(entry: dict) -> dict[str, float]:
    """By norm, the largest eps of the adversaries that a detector was fitted to, if any has one."""
    recipe = entry.get("recipe") or {}
    each = recipe.get("adversaries") or recipe.get("parameters") or {}
    names = fitted_to(entry)
    if len(names) == 1:
        each = {names[0]: {"eps": entry.get("eps")}}
    largest: dict[str, float] = {}
    for name in names:
        eps = each.get(name, {}).get("eps")
        if eps is not None:
            norm = attacks.get(STATIC_FORM.get(name, name)).norm
            largest[norm] = max(eps, largest.get(norm, 0.0))
    return largest


def unique(names: Sequence[str]) -> list[str]:
    """The same names in the same order, each once."""
    return list(dict.fromkeys(names))


def _is_subnetwork(entry: dict) -> bool:
    return entry["method"] == SUBNETWORK


def _dynamic(entry: dict) -> bool:
    return _is_subnetwork(entry) and not _of_several(entry) and entry["adversary"] in STATIC_FORM


def _of_several(entry: dict) -> bool:
    return _is_subnetwork(entry) and isinstance(entry["adversary"], list)


def _at(entry: dict, eps: float | None, point: str) -> bool:
    return entry["eps"] == eps and entry["point"] == point


def _usual(entry: dict) -> bool:
    """Whether the adversary has an eps, and is detected at the usual point of the classifier."""
    return entry["eps"] is not None and entry["point"] == zoo.skeleton(entry["model"]).usual_point
