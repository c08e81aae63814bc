"""Entry point: page config and navigation, nothing else."""

import streamlit as st

from robust_core.dashboard import navigation, replaced, starting, style
from robust_core.paths import ASSETS

# Before the navigation: else the browser fetches the icon of the page from elsewhere.
st.set_page_config(page_icon=str(ASSETS / "icon.png"), layout="wide")
pages = [
    st.Page("pages/attack.py", title="Attack", icon=":material/bolt:", default=True),
    st.Page("pages/compare_attacks.py", title="Compare attacks", icon=":material/compare:"),
    st.Page(
        "pages/compare_defenses.py",
        title="Compare defences",
        icon=":material/shield:",
        url_path="compare_defences",
    ),
    st.Page("pages/detectors.py", title="Detectors", icon=":material/policy:"),
    st.Page("pages/black_box.py", title="Black box", icon=":material/help_center:"),
    st.Page("pages/universal.py", title="Universal and stickers", icon=":material/sell:"),
    st.Page("pages/physical.py", title="Physical world", icon=":material/photo_camera:"),
    st.Page("pages/verify.py", title="Verify", icon=":material/verified:"),
    st.Page("pages/first_principles.py", title="First principles", icon=":material/school:"),
    st.Page("pages/live_training.py", title="Live training", icon=":material/model_training:"),
    st.Page("pages/robustness_report.py", title="Robustness report", icon=":material/query_stats:"),
]
page = st.navigation(pages, position="top")
st.set_page_config(f"{page.title} · Robust Lab")
style.apply()
navigation.say_restarted()
replaced.place()
with st.container(key="pages"):  # on a phone, see style.py
    for each in pages:
        st.page_link(each)
st.session_state["_page"] = page.title
starting.load_libraries()
if page is not pages[0]:  # whose first result needs no chart
    starting.load_tables()
page.run()
