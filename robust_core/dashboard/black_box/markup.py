"""The stage as HTML: the picture, the model behind its curtain, and what each attack has found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from robust_core import imaging
from robust_core.classifier import Guess
from robust_core.experiment.taught import Lesson
from robust_core.words.numbers import percent, share

SIDE = 160
SMALL = 64
CSS = """<style>
.curtained {
  display: grid; gap: 0.9rem 1.1rem; align-items: start; font-size: 0.8125rem; line-height: 1.4;
  grid-template-columns: minmax(7rem, 10rem) minmax(12rem, 1.5fr) repeat(auto-fit, minmax(8.5rem, 1fr));
}
.curtained .cards { display: contents; }
.curtained figure { margin: 0; min-width: 0; max-width: 12rem; }
.curtained img {
  width: 100%; image-rendering: pixelated; display: block; border-bottom: 3px solid #0072B2;
}
.curtained figure.found img { border-bottom: 3px dashed #D55E00; }
.curtained figure.yet img { border-bottom: 3px dotted #8C8C8C; }
.curtained figcaption { margin-top: 3px; overflow-wrap: break-word; }
.curtained b { font-weight: 600; }
.curtained small { font-size: 0.75rem; color: light-dark(#5C5A57, #C4C2BF); display: block; }
.curtained .drape {
  display: grid; grid-template-rows: auto 1fr auto; text-align: center; color: #FFFFFF; min-height: 10rem;
  border-top: 6px solid #3D3A38; border-radius: 3px; padding: 0.6rem 0.75rem; gap: 0.35rem;
  background: repeating-linear-gradient(90deg, #5B2333 0 9px, #6E2C3F 9px 18px, #51202E 18px 24px);
}
.curtained .drape strong { font-size: 1.9rem; line-height: 1.1; font-weight: 600; display: block; }
.curtained .drape p { margin: 0; font-size: 0.8125rem; }
.curtained .drape .says {
  background: #FFFFFF; color: #1F1D1B; border-radius: 3px; padding: 0.3rem 0.5rem; text-align: left;
}
.curtained .drape .says span { display: flex; justify-content: space-between; gap: 0.5rem; }
.lessons { font-size: 0.8125rem; }
.lessons p { margin: 0.6rem 0 0.25rem; font-size: inherit; }
.lessons > div { display: grid; grid-template-columns: repeat(12, minmax(0, 4rem)); gap: 0.35rem; }
.lessons figure { margin: 0; }
.lessons img { width: 100%; image-rendering: pixelated; display: block; }
.lessons figcaption { font-size: 0.75rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
@media (max-width: 640px) {
  .lessons > div { grid-template-columns: repeat(6, 1fr); }
  .curtained { grid-template-columns: 1fr 1.6fr; gap: 0.6rem 0.75rem; }
  .curtained .cards {
    grid-column: 1 / -1; display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.6rem;
  }
}
</style>"""


@dataclass(frozen=True)
class Card:
    """One attack on the stage: its best picture so far (None: nothing yet), and words below it."""

    title: str
    colour: str
    pixels: np.ndarray | None
    reached: bool
    told: str
    counted: str


def stage(
    clean: np.ndarray,
    label: Guess | None,
    model: str,
    lets_through: str,
    queries: int,
    answer: Sequence[Guess],
    cards: Iterable[Card],
    *,
    said: str = "",
) -> str:
    """All of it. Pictures are uint8 ``[H, W, C]``; ``answer`` is the last one that came out.

    ``said`` stands in its place.
    """
    told = f"clean: <b>{escape(label.label)}</b>" if label is not None else "clean"
    picture = (
        f"<figure>{_image(clean, 'The clean picture')}<figcaption>{told}</figcaption></figure>"
    )
    out = f"<div class=says><b>{escape(said)}</b></div>" if said else _says(answer)
    curtain = (
        f"<div class=drape><p><b>{escape(model)}</b><br>{escape(lets_through)}</p>"
        f"<div><strong>{queries:,}</strong><p>queries answered</p></div>{out}</div>"
    )
    return (
        f"{CSS}<div class=curtained>{picture}{curtain}"
        f"<div class=cards>{''.join(map(_card, cards))}</div></div>"
    )


def lesson(lessons: Sequence[Lesson]) -> str:
    """Some of the new pictures of each round, with the labels that the model gave them."""
    parts = []
    for each in lessons:
        pictures = "".join(
            f"<figure>{_image(pixels.numpy(), f'Asked: the model says {name}', SMALL)}"
            f"<figcaption>{escape(name)}</figcaption></figure>"
            for pixels, name in each.examples
        )
        transfer = "" if each.transfer is None else f", fools {share(each.transfer)}"
        parts.append(
            f"<p><b>Round {each.number + 1}</b>: S has {each.size:,} pictures; the copy agrees on "
            f"{percent(each.agreement)}{transfer}</p><div>{pictures}</div>"
        )
    return f"{CSS}<div class=lessons>{''.join(parts)}</div>"


def _says(answer: Sequence[Guess]) -> str:
    """What came out last: a class, or classes with their probabilities."""
    if not answer:
        return "<div class=says>nothing asked yet</div>"
    if len(answer) == 1:
        return f"<div class=says>last answer: <b>{escape(answer[0].label)}</b></div>"
    lines = (
        f"<span><b>{escape(each.label)}</b>{percent(each.confidence)}</span>" for each in answer
    )
    return f"<div class=says>{''.join(lines)}</div>"


def _card(card: Card) -> str:
    alt = f"Best picture of {card.title} so far"
    picture = "" if card.pixels is None else _image(card.pixels, alt)
    kind = "found" if card.reached else "yet"
    return (
        f"<figure class={kind}>{picture}<figcaption>"
        f"<b><span style='color:{card.colour}'>●</span> {escape(card.title)}</b><br>{escape(card.told)}"
        f"<small>{escape(card.counted)}</small></figcaption></figure>"
    )


def _image(pixels: np.ndarray, alt: str, side: int = SIDE) -> str:
    shown = imaging.data_url(imaging.enlarge(pixels, side))
    return f"<img src='{shown}' alt='{escape(alt)}'>"
