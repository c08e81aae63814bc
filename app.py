"""Entry point: page config and navigation, nothing else."""

import streamlit as st

from robust_core.dashboard import fixed, navigation, replaced, starting, style
from robust_core.dashboard.components import status
from robust_core.paths import ASSETS

# Before the navigation: else the browser fetches the icon of the page from elsewhere.
st.set_page_config(page_icon=str(ASSETS / "icon.png"), layout="wide")
sections = {
    "": [st.Page("pages/home.py", title="Home", icon=":material/home:")],
    "Learn": [
        st.Page("pages/lessons.py", title="Lessons", icon=":material/menu_book:"),
        st.Page("pages/challenges.py", title="Challenges", icon=":material/trophy:"),
        st.Page("pages/first_principles.py", title="First principles", icon=":material/school:"),
        st.Page("pages/natural_robustness.py", title="Natural robustness", icon=":material/rainy:"),
        st.Page("pages/threat_models.py", title="Threat models", icon=":material/person_search:"),
        st.Page("pages/tools.py", title="Tools", icon=":material/handyman:"),
    ],
    "Attack": [
        st.Page("pages/attack.py", title="Attack", icon=":material/bolt:", default=True),
        st.Page("pages/compare_attacks.py", title="Compare attacks", icon=":material/compare:"),
        st.Page("pages/black_box.py", title="Black box", icon=":material/help_center:"),
        st.Page("pages/universal.py", title="Universal and stickers", icon=":material/sell:"),
        st.Page("pages/physical.py", title="Physical world", icon=":material/photo_camera:"),
    ],
    "Defend": [
        st.Page(
            "pages/compare_defenses.py",
            title="Compare defences",
            icon=":material/shield:",
            url_path="compare_defences",
        ),
        st.Page("pages/detectors.py", title="Detectors", icon=":material/policy:"),
        st.Page("pages/live_training.py", title="Live training", icon=":material/model_training:"),
    ],
    "Prove": [
        st.Page("pages/verify.py", title="Verify", icon=":material/verified:"),
        st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:"),
        st.Page(
            "pages/robustness_report.py", title="Robustness report", icon=":material/query_stats:"
        ),
    ],
}
page = st.navigation(sections, position="top")
st.set_page_config(f"{page.title} · Robust Lab")
style.apply()
navigation.mark_section(sections, page)
navigation.say_restarted()
replaced.place()
fixed.place()
navigation.place_links(sections, page)
st.session_state["_page"] = page.title
starting.load_libraries()
if page.url_path:  # not Attack, whose first result needs no chart
    starting.load_tables()
page.run()
fixed.check_hidden()
status.foot(page.url_path)
