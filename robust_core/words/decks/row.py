"""What a slide shows, where the dashboard shows it, and whether that is computed, simulated or quoted."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode

LIVE = "live"
SIMULATED = "simulated"
QUOTED = "quoted"
MEANING = {
    LIVE: "computed here, as you look or beforehand by a command that is named",
    SIMULATED: "computed here, on a drawing or a model of what really takes a camera or a printer",
    QUOTED: "from the deck or its papers, not measured here",
}
"""The three status words, each with what it says."""


@dataclass(frozen=True)
class Row:
    """One system, method, experiment or picture of a deck.

    ``id`` is the deck and a number; ``shows`` says what one sees. ``address`` and ``query`` open it:
    settings of a page, and the tab to open. ``finds`` are words that stand there, for the test.
    """

    id: str
    shows: str
    status: str
    address: str
    finds: str
    query: str = ""

    @property
    def settings(self) -> dict[str, str]:
        """The query by its names."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def link(self) -> str:
        """The address with its query, from the root of the server."""
        query = urlencode(self.settings, quote_via=quote, safe=",")
        return f"/{self.address}" + (f"?{query}" if query else "")
