"""Two pictures on top of each other with a curtain between them."""

import streamlit as st

_CSS = """
.frame { position: relative; display: inline-block; line-height: 0; max-width: 100%;
  --cut: 50%; touch-action: pan-y; }
img { max-width: 100%; image-rendering: pixelated; border-radius: 4px; display: block; }
.after { position: absolute; inset: 0; clip-path: inset(0 0 0 var(--cut)); }
.line { position: absolute; top: 0; bottom: 0; left: var(--cut); width: 2px; margin-left: -1px;
  background: #fff; box-shadow: 0 0 0 1px #000; pointer-events: none; }
input { display: block; width: 100%; margin: 10px 0 0; accent-color: var(--st-primary-color); }
.names { display: flex; justify-content: space-between; font: 14px var(--st-font);
  color: var(--st-text-color); margin-top: 2px; line-height: 1.4; }
"""

_HTML = """
<div class="frame"><img class="before"><img class="after"><div class="line"></div></div>
<input type="range" min="0" max="100" value="50">
<div class="names"><span></span><span></span></div>
"""

_JS = """
export default function ({ parentElement, data }) {
  const find = (selector) => parentElement.querySelector(selector);
  const frame = find('.frame'), slider = find('input');
  const names = parentElement.querySelectorAll('.names span');
  const cut = (value) => { slider.value = value; frame.style.setProperty('--cut', value + '%'); };
  find('.before').src = data.before; find('.before').alt = data.beforeName;
  find('.after').src = data.after; find('.after').alt = data.afterName;
  names[0].textContent = '\\u2190 ' + data.beforeName;
  names[1].textContent = data.afterName + ' \\u2192';
  slider.setAttribute('aria-label', 'Swipe between ' + data.beforeName + ' and ' + data.afterName);
  slider.style.maxWidth = data.width + 'px'; find('.names').style.maxWidth = data.width + 'px';
  slider.oninput = () => cut(slider.value);
  const follow = (event) => {
    const box = frame.getBoundingClientRect();
    cut(Math.max(0, Math.min(100, 100 * (event.clientX - box.left) / box.width)));
  };
  frame.onpointerdown = (event) => { frame.setPointerCapture(event.pointerId); follow(event); };
  frame.onpointermove = (event) => { if (event.buttons) follow(event); };
}
"""

_component = st.components.v2.component("robust_lab_swipe", html=_HTML, css=_CSS, js=_JS)


def swipe(before: str, after: str, names: tuple[str, str], width: int, *, key: str) -> None:
    """Data URLs of pictures of the same size; the left part shows ``before``, the right part ``after``."""
    called = {"beforeName": names[0], "afterName": names[1]}
    _component(key=key, data={"before": before, "after": after, "width": width, **called})
