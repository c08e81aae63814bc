"""Tools: other libraries, what each is for, and how ours compare with them."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.tools import checked, listed

navigation.inside_app()
st.markdown("# Tools")
st.markdown(
    "Nobody should trust one implementation. Below are others, and their answers on the same pictures."
)
listed.show()
checked.show()
settings.publish()
