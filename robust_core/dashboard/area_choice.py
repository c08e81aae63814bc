"""The controls for where in the picture an attack may change it."""

from collections.abc import Callable

import streamlit as st

from robust_core.areas import MOST, PRESETS, Area, Rectangle
from robust_core.dashboard import fixed
from robust_core.dashboard.components.painter import Box, painter
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.settings import Reader, setting
from robust_core.zoo import Description

ANYWHERE = ""
OWN = "own"
KINDS = {
    ANYWHERE: "anywhere",
    "centre": "in the centre",
    "left-half": "in the left half",
    "border": "at the border",
    "disc": "in a disc",
    OWN: "in rectangles of your own",
}
FIELDS = {"x": "x", "y": "y", "w": "Width", "h": "Height"}
NONE_YET = "Draw a rectangle on the picture, or add one. Until then any pixel may change."
DIGITS = 2
"""Of percentages: a hundredth of a percent is less than half a pixel of any model's picture."""

Keep = Callable[[list[Box]], None]


def choose_area(model: Description, chosen: Chosen, how: str) -> Area | None:
    """Where the picture may change; None: anywhere. It is kept in shares of the sides, for every model."""
    state = st.session_state
    reader = Reader(lambda raw: str(Area.read(raw)), "is not part of a picture")
    setting("area", ANYWHERE, reader, called="Area", shown=in_words)
    area = Area.read(state["area"]) if state["area"] else None
    named = area is None or str(area) in PRESETS
    state["area_kind"] = OWN if state.get("_own_area") or not named else state["area"]
    kind = st.selectbox(
        fixed.label("It may change the picture", "area"),
        list(KINDS),
        format_func=KINDS.__getitem__,
        key="area_kind",
        on_change=_choose_kind,
        disabled=fixed.locked("area"),
        help="A mask: all other pixels stay as they are, bit for bit.",
    )
    if kind == OWN:
        _choose_own(model, chosen, how, area)
    return area


def in_words(area: str) -> str:
    """An area in words that go on after "it may change"."""
    return KINDS.get(area) or f"in {area}"


def _choose_kind() -> None:
    """Own rectangles begin with those that were chosen by name."""
    state = st.session_state
    state["_own_area"] = state["area_kind"] == OWN
    if state["area_kind"] != OWN:
        state["area"] = state["area_kind"]
    elif state["area"] in (ANYWHERE, "disc"):
        state["area"] = "centre"


def _choose_own(model: Description, chosen: Chosen, how: str, area: Area | None) -> None:
    """The painter, and below it the same in numbers, for the keyboard."""
    height, width = model.input_size
    boxes = boxes_of(area, height, width)

    def keep(now: list[Box]) -> None:
        if fixed.locked("area"):  # the painter draws again what is chosen
            return
        # Also where they are those of a preset, or none is left.
        st.session_state["_own_area"] = True
        st.session_state["area"] = words_of(now[:MOST], height, width)

    painter(chosen.fitted(model, how), boxes, key="area_painter", on_draw=keep)
    if not boxes:
        st.caption(NONE_YET)
    number = _choose_box(len(boxes))
    if boxes:
        _show_fields(boxes, number, keep, height, width)
    added = Box(0, 0, max(1, width // 4), max(1, height // 4))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Add one",
            icon=":material/add:",
            disabled=len(boxes) >= MOST or fixed.locked("area"),
            help=f"One more rectangle, {MOST} at most.",
            on_click=keep,
            args=([*boxes, added],),
        )
        if boxes:
            rest = [*boxes[:number], *boxes[number + 1 :]]
            st.button(
                "Remove it",
                icon=":material/delete:",
                disabled=fixed.locked("area"),
                on_click=keep,
                args=(rest,),
            )


def _choose_box(count: int) -> int:
    """Which rectangle the fields are about, counted from 0: the last one, until another is chosen."""
    if count < 2:
        return 0
    names = [str(i + 1) for i in range(count)]
    key = f"area_box_{count}"
    st.session_state.setdefault(key, names[-1])
    return names.index(str(st.segmented_control("Rectangle", names, key=key, required=True)))


def _show_fields(boxes: list[Box], number: int, keep: Keep, height: int, width: int) -> None:
    """Left, top, width and height of one rectangle in pixels; typing moves it."""
    box = boxes[number]
    most = {"x": width - 1, "y": height - 1, "w": width - box.x, "h": height - box.y}

    def typed() -> None:
        x, y, w, h = (st.session_state[f"area_{name}"] for name in FIELDS)
        moved = Box(x, y, min(w, width - x), min(h, height - y))
        keep([*boxes[:number], moved, *boxes[number + 1 :]])

    for name in FIELDS:
        st.session_state[f"area_{name}"] = getattr(box, name)
    for place, (name, label) in zip(st.columns(4, gap="xsmall"), FIELDS.items(), strict=True):
        least = 0 if name in "xy" else 1
        place.number_input(
            label,
            least,
            most[name],
            key=f"area_{name}",
            on_change=typed,
            disabled=fixed.locked("area"),
        )


def boxes_of(area: Area | None, height: int, width: int) -> list[Box]:
    """The rectangles of an area, each on borders of pixels and within the picture."""
    shapes = () if area is None else area.shapes
    return [_box(each, height, width) for each in shapes if isinstance(each, Rectangle)]


def _box(each: Rectangle, height: int, width: int) -> Box:
    across, down = (width / 100, height / 100) if each.shares else (1.0, 1.0)
    x, y = min(round(each.x * across), width - 1), min(round(each.y * down), height - 1)
    w = round((each.x + each.w) * across) - x
    h = round((each.y + each.h) * down) - y
    return Box(x, y, min(max(w, 1), width - x), min(max(h, 1), height - y))


def words_of(boxes: list[Box], height: int, width: int) -> str:
    """The area of these boxes in words that mean the same part of a picture of any size."""
    if not boxes:
        return ANYWHERE
    sides = (width, height, width, height)
    shares = ([round(100 * v / n, DIGITS) for v, n in zip(b, sides, strict=True)] for b in boxes)
    return str(Area(tuple(Rectangle(x, y, w, h) for x, y, w, h in shares)))
