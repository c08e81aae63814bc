"""A sticker on a picture: dragged, scaled and turned, with the probabilities that follow."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

_CSS = """
.stage { display: flex; flex-wrap: wrap; gap: 1.25rem; font: 14px var(--st-font);
  color: var(--st-text-color); }
.frame { position: relative; overflow: hidden; line-height: 0; flex: none; width: min(320px, 100%);
  aspect-ratio: var(--ratio); border-radius: 4px; touch-action: none; }
.frame .under { width: 100%; height: 100%; image-rendering: pixelated; display: block; }
.frame .patch { position: absolute; image-rendering: pixelated; cursor: grab; transform-origin: center;
  outline: 2px solid transparent; }
.frame .patch:focus-visible { outline-color: var(--st-primary-color); }
.side { flex: 1 1 15rem; min-width: min(15rem, 100%); line-height: 1.4; }
.side label { display: grid; grid-template-columns: 4.5rem 1fr 4rem; gap: 0.5rem; align-items: center; }
.side input { width: 100%; accent-color: var(--st-primary-color); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 4px 0.6rem;
  align-items: center; margin-top: 0.75rem; }
.bars i { position: relative; height: 1rem; background: color-mix(in srgb, currentColor 9%, transparent); }
.bars i b { position: absolute; inset: 0 auto 0 0; background: #D55E00; transition: width .15s; }
.bars i s { position: absolute; inset: -2px auto; border-left: 3px solid #0072B2; }
.bars span { overflow-wrap: anywhere; }
"""

_HTML = """
<div class="stage">
  <div class="frame">
    <img class="under" draggable="false"><img class="patch" draggable="false" tabindex="0">
  </div>
  <div class="side">
    <label><span>Size</span>
      <input type="range" class="area" min="1" max="40" step="0.5"><output></output></label>
    <label><span>Turn</span>
      <input type="range" class="angle" min="-180" max="180" step="1"><output></output></label>
    <div class="bars" role="group" aria-label="What the model says"></div>
  </div>
</div>
"""

_JS = """
export default function ({ parentElement, data, setStateValue }) {
  const find = (selector) => parentElement.querySelector(selector);
  const frame = find('.frame'), patch = find('.patch');
  const area = find('.area'), angle = find('.angle');
  const [picture, pictureName, sticker, native, start, bars] = data;
  const stage = find('.stage');
  if (stage.sticker !== start.id) Object.assign(stage, { sticker: start.id, place: { ...start } });
  const at = stage.place;
  frame.style.setProperty('--ratio', native.width / native.height);
  const under = find('.under');
  if (under.src !== picture) under.src = picture;
  under.alt = pictureName;
  if (patch.src !== sticker) patch.src = sticker;
  patch.alt = 'The sticker: drag it, or move it with the arrow keys';
  const draw = () => {
    const side = 100 * native.side * Math.sqrt(at.area / native.area);
    patch.style.width = side / native.width + '%';
    patch.style.height = side / native.height + '%';
    patch.style.left = 100 * at.column - side / native.width / 2 + '%';
    patch.style.top = 100 * at.row - side / native.height / 2 + '%';
    patch.style.transform = `rotate(${-at.angle}deg)`;
    area.value = 100 * at.area; angle.value = at.angle;
    find('.area + output').textContent = (100 * at.area).toFixed(1) + ' %';
    find('.angle + output').textContent = at.angle + '\\u00b0';
  };
  const send = () => {
    clearTimeout(stage.waiting);
    const wait = Math.max(0, 150 - (Date.now() - (stage.sent || 0)));
    stage.waiting = setTimeout(() => {
      stage.sent = Date.now();
      setStateValue('place', { ...at });
    }, wait);
  };
  const move = (values) => { Object.assign(at, values); draw(); send(); };
  const within = (value) => Math.max(0, Math.min(1, value));
  area.setAttribute('aria-label', 'Size of the sticker in percent of the area');
  angle.setAttribute('aria-label', 'Turn of the sticker in degrees');
  area.oninput = () => move({ area: area.value / 100 });
  angle.oninput = () => move({ angle: Number(angle.value) });
  const place = (event) => {
    const box = frame.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  patch.onpointerdown = (event) => {
    const [x, y] = place(event);
    stage.grip = [at.column - x, at.row - y];  // kept while new probabilities arrive
    patch.setPointerCapture(event.pointerId);
  };
  patch.onpointermove = (event) => {
    if (!stage.grip) return;
    const [x, y] = place(event);
    move({ column: within(x + stage.grip[0]), row: within(y + stage.grip[1]) });
  };
  patch.onpointerup = patch.onpointercancel = () => { stage.grip = null; };
  patch.onkeydown = (event) => {
    const [dx, dy] = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[
      event.key] || [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    move({ column: within(at.column + 0.03 * dx), row: within(at.row + 0.03 * dy) });
  };
  const rows = bars.flatMap(([name, before, after, told]) => {
    const label = document.createElement('span'), bar = document.createElement('i');
    const value = document.createElement('span');
    const now = document.createElement('b'), was = document.createElement('s');
    label.textContent = name; value.textContent = told;
    now.style.width = 100 * after + '%'; was.style.left = `calc(${100 * before}% - 1px)`;
    bar.append(now, was);
    return [label, bar, value];
  });
  find('.bars').replaceChildren(...rows);
  draw();
}
"""

_component = st.components.v2.component("robust_lab_sticker", html=_HTML, css=_CSS, js=_JS)
SMALLEST, LARGEST = 0.01, 0.4
"""Shares of the picture's area that the sticker may cover here."""


@dataclass(frozen=True)
class Place:
    """Where a sticker lies: the centre in shares of height and width, its area's share, degrees."""

    row: float = 0.5
    column: float = 0.5
    area: float = 0.1
    angle: float = 0.0


def place_of(key: str, start: Place) -> Place:
    """Where the visitor has put it; what the browser sends is checked."""
    sent = (st.session_state.get(key) or {}).get("place") or {}
    if not isinstance(sent, dict):
        return start
    row, column = _number(sent, "row", 0, 1), _number(sent, "column", 0, 1)
    area, angle = _number(sent, "area", SMALLEST, LARGEST), _number(sent, "angle", -180, 180)
    if row is None or column is None or area is None or angle is None:
        return start
    return Place(row, column, area, angle)


def _number(sent: dict, name: str, low: float, high: float) -> float | None:
    value = sent.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if low <= value <= high else None


def sticker(
    picture: str,
    name: str,
    patch: str,
    *,
    size: tuple[int, int],
    side: int,
    area: float,
    start: Place,
    bars: Sequence[tuple[str, float, float, str]],
    key: str,
) -> None:
    """``picture`` and ``patch`` are data URLs, the latter with alpha; both at native size.

    ``size`` (height, width) and ``side`` are their pixels, ``area`` the share that the patch covers at that
    size. ``bars``: a class, its probability before and now, and the words beside it. Moving the sticker
    runs the fragment around it; ``place_of`` then says where it lies.
    """
    height, width = size
    native = {"height": height, "width": width, "side": side, "area": area}
    begin = {"row": start.row, "column": start.column, "area": start.area, "angle": start.angle}
    _component(
        key=key,
        data=[
            picture,
            name,
            patch,
            native,
            begin | {"id": key},
            [list(bar) for bar in bars],
        ],
        on_place_change=lambda: None,
    )
