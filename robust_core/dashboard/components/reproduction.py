"""How to repeat a result elsewhere: the command, the link, and a ZIP file with everything."""

from collections.abc import Callable

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import settings
from robust_core.dashboard.request import Request


def show_reproduction(
    request: Request, commands: str, archive: Callable[[], bytes], file_name: str, holds: str
) -> None:
    """The ``commands``, the link of the page, and a download of ``archive``; ``holds`` says what is in it.

    The archive is made when it is asked for.
    """
    st.markdown("The same result on the command line:")
    st.code(commands, language="bash", wrap_lines=True)
    st.markdown("This page, with these settings:")
    st.code(settings.link(), language=None, wrap_lines=True)
    if zoo.guest(request.model.name):
        st.caption("The link restores the settings, not your model: that stays in memory only.")
    if not request.chosen.reference.startswith("sample:"):
        st.caption("The link restores the settings, not your picture: that stays in memory only.")
    st.download_button(
        "Download everything (ZIP)",
        archive,
        file_name=file_name,
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        help=holds,
    )
