"""Challenges: break a defence within its eps; the verdict is the core's, on pictures held out."""

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import navigation, picture_input, settings
from robust_core.dashboard.challenges import choosing, ending, handing, teacher, trying
from robust_core.words.challenges import told
from robust_core.words.challenges.prose import PROSE

navigation.inside_app()
st.markdown("# Challenges")
challenge = choosing.choose_challenge()
here = challenge.record.available()
left, right = st.columns([1, 1.7], gap="large")
with left:
    st.markdown(f"## Break it: {challenge.title}")
    st.markdown(told.goal(challenge))
    st.caption(PROSE[challenge.number].story)
    attempt = choosing.choose_attempt(challenge)
with right:
    picture = choosing.choose_picture(challenge) if here else 0
settings.publish()
with right:
    if not here:
        st.info(
            f"This challenge is about pictures of {challenge.record.title}, which are not on this "
            "computer. The other challenges need no download."
        )
        status = st.container()
        picture_input.offer_download(zoo.describe(challenge.model), status)
    elif attempt is not None:
        trying.show(attempt, picture)
        handing.show(attempt)
        handing.show_tries(challenge)
    ending.show(challenge, computed=here)
with left:
    teacher.show()
