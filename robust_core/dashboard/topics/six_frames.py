"""FGSM in six frames: J, gradient, sign, times eps, plus x, and the result, as HTML."""

from html import escape

import torch

from robust_core import imaging
from robust_core.dashboard.topics import pixel_markup
from robust_core.experiment.pixels import MEASURES, Ascent
from robust_core.words.numbers import decimal, in_255ths, percents
from robust_core.words.verdict import said


def told(found: Ascent) -> str:
    """What the step does to the answer."""
    before, after = said(found.before), said(found.after)
    if found.before.index == found.after.index:
        return (
            f"One step of {found.eps:g} along the signs, and it still says {after}; before, it said "
            f"{before}"
        )
    return f"One step of {found.eps:g} along the signs: {before} becomes {after}"


def frames(found: Ascent) -> str:
    """The frames as HTML, each with its formula, its picture, and a number."""
    loss = MEASURES["ce"]
    slopes = found.gradient * loss.times(found.odds)
    steepest = slopes.abs().max().item()
    factor = 0.5 / steepest if steepest else 1.0
    sign, count = found.sign, found.sign.numel()
    up, down = int((sign > 0).sum()), int((sign < 0).sum())
    moved = (found.adversarial - found.image).abs().max().item()
    colours = "; each colour separately" if len(sign) > 1 else ""
    parts = (
        (
            "<i>J</i>(θ, <i>x</i>, <i>y</i>)",
            pixel_markup.image(pixel_markup.picture(found.image), "The clean picture", "clean"),
            f"J = {decimal(loss.of(found.odds))}",
            f"says {said(found.before)}; y = {found.label.label}",
        ),
        (
            "∇<sub><i>x</i></sub><i>J</i>",
            pixel_markup.image(change(slopes, factor), "The gradient, around grey"),
            f"{count:,} slopes",
            f"the steepest is {decimal(steepest)}; grey is 0",
        ),
        (
            "sign(∇<sub><i>x</i></sub><i>J</i>)",
            pixel_markup.image(change(sign, 0.5), "Its signs"),
            f"{up:,} up, {down:,} down",
            f"{count - up - down or 'none':} exactly 0{colours}",
        ),
        (
            "ε · sign(∇<sub><i>x</i></sub><i>J</i>)",
            pixel_markup.image(change(found.eps * sign, 1.0), "Eps times the signs, around grey"),
            f"ε = {found.eps:g}",
            f"{in_255ths(found.eps)}; shown at its true size, around grey",
        ),
        (
            "<i>x</i> + ε · sign(∇<sub><i>x</i></sub><i>J</i>)",
            pixel_markup.image(pixel_markup.picture(found.adversarial), "The sum", "adversarial"),
            "the sum, clipped to [0, 1]",
            f"Linf {in_255ths(moved)}",
        ),
        (
            "<i>J</i>(θ, <i>x̃</i>, <i>y</i>)",
            answer(found),
            f"J = {decimal(loss.of(found.reached))}",
            f"says {said(found.after)}",
        ),
    )
    cells = "".join(
        f"<figure><header><b>{k}</b>{formula}</header>{shown}<figcaption>{escape(first)}"
        f"<small>{escape(second)}</small></figcaption></figure>"
        for k, (formula, shown, first, second) in enumerate(parts, 1)
    )
    return f"{pixel_markup.CSS}{BARS}<div class=frames>{cells}</div>"


BARS = """<style>
.answer { aspect-ratio: 1; display: flex; flex-direction: column; justify-content: center; gap: 0.25rem;
  border-bottom: 3px dashed #D55E00; font-size: 0.8125rem; }
.answer div { position: relative; height: 1.1rem; margin-bottom: 0.5rem;
  background: color-mix(in srgb, currentColor 9%, transparent); }
.answer i { position: absolute; inset: 0 auto 0 0; background: #0072B2; }
.answer i.adversarial { background: repeating-linear-gradient(-45deg, #D55E00 0 5px, #D55E0099 5px 9px); }
</style>"""


def answer(found: Ascent) -> str:
    """Confidence in the label before and after, and in the new answer where there is one."""
    rows = [("before", found.label, ""), ("after", found.left, "adversarial")]
    if found.after.index != found.label.index:
        rows.append(("after", found.after, "adversarial"))
    shares = percents(*(each.confidence for _, each, _ in rows))
    bars = "".join(
        f"<span>{escape(each.label)} {when}: {share}</span><div><i class='{kind}' "
        f"style='width:{100 * each.confidence:.2f}%'></i></div>"
        for (when, each, kind), share in zip(rows, shares, strict=True)
    )
    return f"<div class=answer>{bars}</div>"


def change(delta: torch.Tensor, factor: float):
    """A signed change ``[C, H, W]`` around grey, times ``factor``."""
    return imaging.show_change(delta.permute(1, 2, 0).numpy(), factor)
