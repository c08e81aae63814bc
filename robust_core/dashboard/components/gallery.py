"""A row of thumbnails to choose a picture from: a radio group that mouse, touch and keys work on."""

from collections.abc import Callable

import streamlit as st

_CSS = """
.row { display: flex; flex-wrap: wrap; gap: 3px; max-height: 126px;
  overflow-y: auto; }
button { padding: 0; border: 2px solid transparent; border-radius: 6px; cursor: pointer;
  background: none; line-height: 0; width: 39px; height: 39px; }
button:disabled { cursor: default; opacity: 0.5; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
button[aria-checked="true"] { border-color: var(--st-primary-color); }
img { width: 35px; height: 35px; object-fit: cover; border-radius: 4px; image-rendering: auto; }
"""

_JS = """
export default function ({ parentElement, data, setTriggerValue }) {
  const [label, chosenId, pictures, disabled] = data;
  let row = parentElement.querySelector('.row');
  row.setAttribute('aria-label', label);
  const focused = row.contains(row.getRootNode().activeElement);
  row.replaceChildren(...pictures.map((picture, i) => {
    const button = document.createElement('button');
    const chosen = picture.id === chosenId;
    button.type = 'button';
    button.setAttribute('role', 'radio');
    button.setAttribute('aria-checked', chosen);
    button.setAttribute('aria-label', picture.title);
    button.title = picture.title;
    button.disabled = disabled;
    button.tabIndex = chosen ? 0 : -1;
    const image = document.createElement('img');
    image.src = picture.src;
    image.alt = '';
    button.append(image);
    button.onclick = () => setTriggerValue('chosen', picture.id);
    button.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (i + step + pictures.length) % pictures.length;
      row.children[next].focus();
      setTriggerValue('chosen', pictures[next].id);
    };
    return button;
  }));
  if (!pictures.some((picture) => picture.id === chosenId) && row.firstChild) {
    row.firstChild.tabIndex = 0;
  }
  if (focused) row.querySelector('[tabindex="0"]')?.focus();
}
"""

_component = st.components.v2.component(
    "robust_lab_gallery", html='<div class="row" role="radiogroup"></div>', css=_CSS, js=_JS
)


def gallery(
    thumbnails: list[tuple[str, str, str]],
    chosen: str,
    *,
    key: str,
    on_choose: Callable[[str], None],
    disabled: bool = False,
) -> None:
    """Show ``(id, title, data URL)`` thumbnails; ``on_choose(id)`` is called before the rerun."""

    def choose() -> None:
        picked = st.session_state[key].chosen
        if picked in {i for i, _, _ in thumbnails}:  # what the browser sends is checked
            on_choose(picked)

    pictures = [{"id": i, "title": title, "src": source} for i, title, source in thumbnails]
    _component(
        key=key,
        # A list: in a dictionary Streamlit looks for tables, and imports pandas for that.
        data=["Sample pictures", chosen, pictures, disabled],
        on_chosen_change=choose,
    )
