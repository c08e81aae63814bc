"""What the theme cannot say: tighter margins, pixels that stay square, and the order on a phone."""

import streamlit as st

CLEAN = "#0072B2"
ADVERSARIAL = "#D55E00"
DEFENDED = "#009E73"
DETECTOR = "#CC79A7"
GREY = "#8C8C8C"

PICTURE_SIDE = 320
"""Pictures are enlarged to at most this many pixels a side, by a whole factor."""
LARGE_SIDE = 448
"""The same for pictures whose native side is more than a quarter of it."""
NATIVE_SIDES = (8, 32, 128, 224)
"""Sides of the models' pictures: the browser shows each at the largest multiple that fits."""


def side_shown(native: int) -> int:
    """At most how many pixels a side a picture of ``native`` pixels a side is sent with."""
    return LARGE_SIDE if native > LARGE_SIDE // 4 else PICTURE_SIDE


_CSS = """
.stMainBlockContainer { padding: 4.25rem 1.5rem 4rem; max-width: 1920px; }
.stMainBlockContainer h1 { padding: 0.4rem 0; letter-spacing: normal; }
.stMainBlockContainer h2 { padding: 0 0 0.5rem; }
.stMainBlockContainer h3 { padding: 0.25rem 0 0.75rem; }
.stMainBlockContainer small { font-size: max(0.75rem, 0.8em); }
/* The title of a page whose first screen has no room for it. */
:has(> .st-key-unseen) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}

/* Contrast of at least 4.5, by day and by night. */
[data-testid=stCaptionContainer] { opacity: 1; color: light-dark(#5C5A57, #C4C2BF); }
[data-testid=stCaptionContainer] code { font-size: max(0.75rem, 0.85em); }
[data-testid=stMain] svg text:is([fill="#808495"], [style*="rgb(128, 132, 149)"]) {
  fill: #5C5F6B !important;  /* Streamlit's grey of axes, by day */
}
[data-testid=stMain] svg text[fill="#8C8C8C"] { fill: light-dark(#5C5A57, #C4C2BF) !important; }
[data-testid=stCode] .token { color: light-dark(#0067A1, #56B4E9) !important; }
[data-testid=stCode] .token:is(.string, .number) { color: light-dark(#00704F, #3FCFA4) !important; }
[data-testid=stCode] .token:is(.operator, .punctuation) { color: inherit !important; }
[data-testid=stBaseButton-primary] { color: light-dark(#FFFFFF, #000000); }
[data-testid=stImage] img { image-rendering: pixelated; }
/* Pictures for people, not for networks. */
:is(.st-key-street, .st-key-sheet) [data-testid=stImage] img { image-rendering: auto; }
/* White paper on a white page. */
.st-key-sheet [data-testid=stImage] img { border: 1px solid #8C8C8C; }
/* A caption begins where its picture does, which may be narrower than the column. */
:is([class*=st-key-pictures_], [class*=st-key-iterate_], .st-key-street, .st-key-sheet)
  [data-testid=stImageCaption] { text-align: left; }
[data-testid=stMetricValue] { font-size: 1.15rem; line-height: 1.5; }

/* The same height with and without a progress bar: what is below does not jump. */
.st-key-status { min-height: 2.75rem; }
.st-key-status > :last-child { order: -1; }

/* Five chips in one row, eps above its 255ths. */
:is(.st-key-eps, .st-key-detect_eps, .st-key-digits_eps, .st-key-transfer_eps)
  [role=radiogroup] { flex-wrap: nowrap; }
:is(.st-key-eps, .st-key-detect_eps, .st-key-digits_eps, .st-key-transfer_eps)
  [role=radio] { flex: 1; min-width: 0; height: auto; padding: 2px 0; }
:is(.st-key-eps, .st-key-detect_eps, .st-key-digits_eps, .st-key-transfer_eps)
  [role=radio] * { white-space: normal; line-height: 1.3; }
:is(.st-key-eps, .st-key-detect_eps, .st-key-digits_eps, .st-key-transfer_eps)
  [role=radio] p > span { display: block; font-size: 0.75rem !important; }

/* Controls are close together: with the camera open, eps is still on the first screen. */
.st-key-essentials, .st-key-more { gap: 0.6rem; }
[class*=st-key-camera] video { max-height: 9rem; }
[data-testid=stFileUploaderDropzoneInstructions] { display: none; } /* the label says it in words */

/* Home: its example stays in one row, and the first link looks like the button that it is. */
.st-key-example [data-testid=stHorizontalBlock] { flex-wrap: nowrap; }
.st-key-example [data-testid=stColumn] { min-width: 0; flex: 1; }
.st-key-try_it { gap: 0.5rem; }
.st-key-try_it a {
  min-height: 44px; border: 1px solid light-dark(#0072B2, #56B4E9); justify-content: center;
}
.st-key-try_it > :first-child a { background: light-dark(#0072B2, #56B4E9); border: none; }
.st-key-try_it > :first-child a * { color: light-dark(#FFFFFF, #000000); }

/* Above the picture to draw on: room for its buttons. */
[class*=st-key-area_painter] { padding-top: 2.25rem; }

/* A detector's two scores: name | bar | number; the line across both bars is its threshold. */
.detection {
  display: grid; grid-template-columns: max-content 1fr max-content; column-gap: 0.75rem;
  align-items: center; font-size: 0.875rem; line-height: 1.5; max-width: 40rem; padding-bottom: 0.4rem;
}
.detection > small { grid-column: 1 / -1; }
.detection > div {
  position: relative; height: 100%; background: color-mix(in srgb, currentColor 9%, transparent);
}
.detection i { position: absolute; inset: 15% auto 15% 0; background: #CC79A7; }
.detection i.adversarial {
  background: repeating-linear-gradient(-45deg, #CC79A7 0 4px, #CC79A780 4px 7px);
}
.detection b { position: absolute; inset: 0 auto; border-left: 2px dashed currentColor; }

/* What defences make of a picture: the whole strip leads on, but for the button that chooses them. */
.st-key-effects { position: relative; isolation: isolate; gap: 0.2rem; margin-top: -0.5rem; }
.st-key-detection { margin-top: -0.75rem; }
.st-key-effects [data-testid=stPageLink-NavLink] {
  padding: 0; margin: 0; min-height: 0; background: none; line-height: 1.5;
}
.st-key-effects [data-testid=stPageLink-NavLink] * { white-space: normal; }
.st-key-effects [data-testid=stElementContainer]:has(> [data-testid=stPageLink]) { position: static; }
.st-key-effects [data-testid=stPageLink-NavLink]::after {
  content: ""; position: absolute; inset: 0; z-index: 1;
}
.st-key-strip_choice { position: absolute; top: -0.5rem; right: 0; width: auto; z-index: 2; }
.defended {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.25rem, 1fr)); gap: 0.4rem 0.75rem;
  font-size: 0.8125rem; line-height: 1.45;
}
.defended > div { max-width: 15rem; }
.defended :is(b, span, em) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.defended span:has(em) { display: flex; gap: 0.3em; }  /* a long name is cut off, not its confidence */
.defended em { font-style: normal; }
.defended b { display: block; font-weight: 600; }
.defended p {
  display: grid; grid-template-columns: 3.2rem 1fr; align-items: baseline; margin: 0 0 2px;
  font-size: inherit;
}
.defended small { font-size: 0.75rem; color: light-dark(#5C5A57, #C4C2BF); }
.defended span { border-left: 3px dotted #8C8C8C; padding-left: 0.4rem; }
.defended i { font-style: normal; font-weight: 700; }
.defended .recovered { border-left: 3px solid #009E73; background: #009E731f; }
.defended .fooled { border-left: 3px dashed #D55E00; background: #D55E001f; }

/* Defences: a line between rows, and beside each cell a mark, broken where the defence fails. */
[class*=st-key-defense_] {
  border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); padding-top: 0.5rem;
}
[class*=st-key-cell_] { border-left: 4px dotted #8C8C8C; padding-left: 0.6rem; }
[class*=st-key-cell_recovered_] { border-left: 4px solid #009E73; }
[class*=st-key-cell_fooled_] { border-left: 4px dashed #D55E00; }
[class*=st-key-who_] { display: none; }
/* The heads of the columns stay in sight. */
:has(> .st-key-attackers) { position: sticky; top: 3.5rem; z-index: 9; }
.st-key-attackers {
  padding: 0.4rem 0; backdrop-filter: blur(16px); background: color-mix(in srgb, Canvas 85%, transparent);
}

.st-key-live_verdict { padding-bottom: 0.75rem; }

/* Formulas break, or else scroll, inside their box. */
.katex-display { overflow: auto hidden; padding: 4px 3px; }
.katex-display > .katex { white-space: normal; }

/* Where nothing hovers, what was tapped does not stay lit. */
@media (hover: none) {
  [data-testid=stBaseButton-secondary]:hover:not(:active) { background-color: transparent; }
  [data-testid=stBaseButton-primary]:hover:not(:active) { background-color: light-dark(#0072B2, #56B4E9); }
}

/* Where Streamlit's navigation would shrink to a drawer that stays open: its bar holds all menus. */
:has(> .st-key-pages) { display: none; }
@media (max-width: 768px) {
  :has(> .st-key-pages) {
    display: block; position: fixed; inset: 0 0 auto; width: auto; z-index: 999991;
    padding: 2px 0.25rem;
  }
  .st-key-pages { display: grid; grid: 44px / repeat(5, 1fr); gap: 0; }
  .st-key-pages :is(div:has(a), div:has(button), a, button) {
    width: 100%; height: 44px; min-height: 0; margin: 0 !important; padding: 0 2px;
    justify-content: center;
  }
  .st-key-pages a > :first-child { display: none; }  /* its icon */
  .st-key-pages p { font-size: 0.875rem; white-space: nowrap; }
  .st-key-pages [class*=st-key-here_] p { font-weight: 600; }
  [data-testid=stPopoverBody]:has(a) a { min-height: 40px; }
  [data-testid=stHeader] { height: 3rem; min-height: 3rem; }  /* hides what scrolls by */
  [data-testid=stExpandSidebarButton], [data-testid=stSidebar] { display: none; }
  .stMainBlockContainer { padding-top: 3.5rem; }
}
@media (max-width: 640px) {
  [role=tab][aria-selected=true] { scroll-initial-target: nearest; }  /* one that a link has opened */
  [data-testid=stElementToolbar] { display: none; }  /* it would lie over the tabs */
  .stMainBlockContainer { padding: 3.5rem 1rem 4rem; }
  .st-key-defended_head [data-testid=stHorizontalBlock] { flex-direction: column; align-items: flex-start; }
  [class*=st-key-picture_], .st-key-attackers { display: none; }
  [class*=st-key-who_] { display: block; }
  .katex-display { font-size: 0.8em; text-align: left; }
  [data-testid=stMarkdownContainer] table { width: 100%; font-size: 0.8125rem; overflow-wrap: anywhere; }
  [data-testid=stMarkdownContainer] :is(td, th) { padding: 0.3rem !important; }
  .st-key-strip_choice { position: relative; top: 0; }
  .st-key-effects > :has(> .st-key-strip_choice) { order: 1; }
  /* The result comes right after eps; the controls that can wait come below it. */
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-essentials) > :first-child,
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-essentials) > :first-child > * {
    display: contents;
  }
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-essentials) > :last-child { order: 1; }
  /* Lessons and challenges: their chips are as wide as each other; back and next come below the result. */
  :is(.st-key-lesson, .st-key-challenge), :is(.st-key-lesson, .st-key-challenge) > * { width: 100%; }
  :is(.st-key-lesson, .st-key-challenge) [role=radiogroup] { display: grid; min-width: 100%; }
  .st-key-challenge [role=radiogroup] { grid-template-columns: 1fr 1fr; }
  :is(.st-key-lesson, .st-key-challenge) [role=radio] {
    width: 100%; max-width: none; padding-inline: 0.3rem;
  }
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-lesson_buttons) { gap: 1rem; }
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-lesson_buttons) > :first-child,
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-lesson_buttons) > :first-child > * {
    display: contents;
  }
  :has(> .st-key-lesson_buttons) { order: 1; }
  /* The report's chart comes before its choices, which are many. */
  [data-testid=stHorizontalBlock]:has(> * > * > * > .st-key-report_choices) > :first-child { order: 1; }
  /* Chips to choose from: one row that scrolls sideways, right above the results. */
  .st-key-more, :has(> .st-key-more) { display: contents; }
  .st-key-more > * { order: 2; }
  .st-key-more > :is(.st-key-attacks, .st-key-defenses) { order: 0; }
  :is(.st-key-attacks, .st-key-defenses) [role=toolbar] { flex-wrap: nowrap; overflow-x: auto; }
  :is(.st-key-attacks, .st-key-defenses) [role=toolbar] > * { flex: none; }
  /* Whichever control was touched, the bar and its stop button are in sight. */
  .st-key-status > :has(.stProgress) {
    position: fixed; inset: auto 0 0; width: auto; padding: 0.75rem 1rem; z-index: 99;
    background: canvas;
  }
}
"""
# Never smaller than the native size: the browser would drop pixels.
_FIT = """
:is(.st-key-pictures_{0}, .st-key-iterate_{0}) img {{
  width: max({0}px, round(down, 100%, {0}px)) !important;
}}"""
# A screen with two or more dots a pixel shows one and a half times the size with three dots a pixel.
_FINE = """
@media (min-resolution: 2dppx) {
  :is(.st-key-pictures_128, .st-key-iterate_128) img {
    width: max(128px, round(down, 100%, 64px)) !important;
  }
  :is(.st-key-pictures_224, .st-key-iterate_224) img {
    width: max(224px, round(down, 100%, 112px)) !important;
  }
}"""


def sheet() -> str:
    """The style sheet as HTML. It is constant: no user input goes into it."""
    return f"<style>{_CSS}{''.join(map(_FIT.format, NATIVE_SIDES))}{_FINE}</style>"


def apply() -> None:
    """Called once per run, from app.py."""
    st.html(sheet())
