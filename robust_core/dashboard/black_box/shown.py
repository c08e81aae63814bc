"""The runs on the page: the stage and the curves while they grow, then what they cost."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.attacks.knowledge import LABELS
from robust_core.attacks.ledger import DISTANCE, MARGIN
from robust_core.dashboard import plots, together
from robust_core.dashboard.black_box import charts, markup, running, words
from robust_core.dashboard.components import buttons
from robust_core.dashboard.request import Request
from robust_core.dashboard.together import States
from robust_core.experiment.queried import Look, Queried
from robust_core.experiment.with_gradients import Mark

Found = tuple[dict[str, Queried], dict[str, Mark]]


class Scene:
    """The places of a run, drawn over and over: status, headline, stage, charts."""

    def __init__(self, sees: str, requests: Mapping[str, Request], status: DeltaGenerator) -> None:
        self.sees = sees
        self.requests = requests
        self.parts = running.parts_of(requests)
        self.status = status.empty()
        self.bar: DeltaGenerator | None = None
        self.headline = st.empty()
        st.caption(words.IDEA)
        self.stage = st.empty()
        first = next(iter(requests.values()))
        self.model = first.model
        self.wanted = words.class_wanted(first.goal, first.model)
        self.clean = first.pixels()
        self.budget = first.attack.limit or 0
        what = DISTANCE if sees == LABELS else MARGIN
        self.charts = charts.charts_of(requests, what, self.budget)
        columns = st.columns(len(self.charts), gap="medium")
        self.places = []
        for column, chart in zip(columns, self.charts, strict=True):
            with column:
                st.markdown(f"**{chart.title[:1].upper()}{chart.title[1:]}**, against queries")
                self.places.append(
                    st.vega_lite_chart(charts.rows(chart, {}, {}), charts.form(chart))
                )

    def run(self) -> Found:
        """Compute what is wanted, drawing it as it comes; what has ended, by attack, and the marks."""
        self.headline.markdown(f"## {words.meanwhile(self.sees, len(self.requests))}")
        states = together.run(self.parts, self.draw)
        found = {n: s.result for n, s in states.items() if isinstance(s.result, Queried)}
        marks = _marks(states)
        self._end(states, found, marks)
        return found, marks

    def draw(self, states: States) -> None:
        """The stage and the charts as they are now."""
        looks, marks = self._looks(states), _marks(states)
        asked = sum(look.queries for look in looks.values())
        answer = max(looks.values(), key=lambda look: look.queries).answer if looks else ()
        self.stage.html(
            markup.stage(
                self.clean,
                next((x.label for x in looks.values() if isinstance(x, Queried)), None),
                self.model.name,
                words.LETS_THROUGH[self.sees],
                asked,
                answer,
                [self._card(name, looks.get(name), states) for name in self.requests],
            )
        )
        for chart, place in zip(self.charts, self.places, strict=True):
            place.vega_lite_chart(charts.rows(chart, looks, marks), charts.form(chart))
        if any(not state.ended for state in states.values()):
            self._progress(states)

    def _looks(self, states: States) -> dict[str, Look]:
        looks = {name: states[name].result or states[name].shown for name in self.requests}
        return {name: look for name, look in looks.items() if isinstance(look, Look)}

    def _card(self, name: str, look: Look | None, states: States) -> markup.Card:
        pixels: np.ndarray | None = None if look is None else look.best.numpy()
        attack = self.requests[name].attack
        return markup.Card(
            attack.title,
            plots.colour_of(name),
            pixels,
            look is not None and look.first is not None,
            words.told(name, look),
            words.counted(look, states[name].refusal),
        )

    def _progress(self, states: States) -> None:
        """A bar over all attacks, and the button that stops them; made once, then changed."""
        done = sum(
            self.budget if states[name].ended else min(states[name].step, self.budget)
            for name in self.requests
        )
        share = done / (self.budget * len(self.requests))
        asked = sum(look.queries for look in self._looks(states).values())
        told = f"Asking: {asked:,} queries so far"
        waits = [s.place for s in states.values() if s.place and not s.ended]
        if waits and len(waits) == len(self.parts):
            told = f"Waiting: {min(waits)} in line before this one"
        if self.bar is None:
            with self.status.container(horizontal=True, vertical_alignment="bottom"):
                self.bar = st.progress(share, told)
                buttons.stop(together.stop, self.parts, key="black_box_stop")
        else:
            self.bar.progress(share, told)

    def _end(self, states: States, found: dict[str, Queried], marks: dict[str, Mark]) -> None:
        """The headline, and the way on where something was stopped."""
        self.status.empty()
        refused = {n: s.refusal for n, s in states.items() if s.refusal}
        self.headline.markdown(f"## {words.headline(self.sees, found, marks, self.wanted)}")
        if refused:
            with self.status.container(horizontal=True, vertical_alignment="center"):
                buttons.again(together.again, self.parts, key="black_box_again")
                for told in dict.fromkeys(refused.values()):
                    st.caption(
                        "Stopped: the curves are those of unfinished attacks."
                        if told == together.STOPPED
                        else told
                    )
        for notice in dict.fromkeys(n for each in found.values() for n in each.notices):
            st.caption(notice)


def _marks(states: States) -> dict[str, Mark]:
    return {n: s.result for n, s in states.items() if isinstance(s.result, Mark)}
