"""Blocks: the parts of a document between two markers, each made by a function of that name."""

import re
from collections.abc import Callable
from pathlib import Path

from docs.generator import command_line, decks, methods, models, packages
from docs.generator.results import (
    accuracy,
    deck_002,
    defenses,
    deploy,
    detectors,
    headline,
    libraries,
    natural,
    physical,
    scale,
    transfer,
    universal,
    verification,
)

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z0-9-]+) -->\n).*?(?P<end><!-- generated: end -->)",
    re.DOTALL,
)
BLOCKS: dict[str, Callable[[], str]] = {
    "headline": headline.figures,
    "accuracy": accuracy.tables,
    "distances": accuracy.distances,
    "detector-results": detectors.tables,
    "defence-results": defenses.tables,
    "deck-002": deck_002.tables,
    "universal": universal.tables,
    "physical": physical.tables,
    "natural": natural.tables,
    "transfer": transfer.tables,
    "verification": verification.tables,
    "libraries": libraries.tables,
    "scale": scale.tables,
    "sharing": scale.sharing,
    "capacity": deploy.capacity,
    "students": deploy.students,
    "memory": deploy.memory,
    "fairness": deploy.fairness,
    "models": models.bundled,
    "imagenet-models": models.imagenet,
    "attacks": methods.attack_table,
    "pair-attacks": methods.pair_table,
    "attack-parameters": methods.attack_parameters,
    "defences": methods.defence_table,
    "defence-parameters": methods.defence_parameters,
    "detectors": models.detectors,
    "command-line": command_line.reference,
    "decks": decks.tables,
    "packages": packages.arrows,
}


def documents() -> list[Path]:
    """The files that may have blocks."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def renew(text: str) -> str:
    """``text`` with each block generated again. Raises ``ValueError`` for an unknown block."""

    def fill(block: re.Match) -> str:
        if block["name"] not in BLOCKS:
            raise ValueError(f"block must be one of {', '.join(BLOCKS)}; got {block['name']!r}")
        return f"{block['begin']}{BLOCKS[block['name']]()}\n{block['end']}"

    return BLOCK.sub(fill, text)


def outdated() -> dict[Path, str]:
    """The documents that differ from what would be generated now, with their new text."""
    texts = {path: path.read_text(encoding="utf-8") for path in documents()}
    return {path: new for path, text in texts.items() if (new := renew(text)) != text}
