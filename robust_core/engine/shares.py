"""Who goes next: the visitor who has computed least, so that nobody's appetite costs the others."""

from collections.abc import Collection

Visitor = tuple[str | None, str | None]
"""Address and session; None where it is not known."""
Account = tuple[str | None, ...]
MOST = 1000  # accounts that are remembered before those of absent visitors are dropped


class Shares:
    """Seconds computed by each address, and within it by each session.

    Addresses share the machine equally, and the sessions of one address share its part. Visitors who
    arrive, or return, start level with the least of those who are there: absence earns nothing, and
    computing while alone costs nothing. Not locked: the engine's lock guards it.
    """

    def __init__(self) -> None:
        self._seconds: dict[Account, float] = {}

    def admit(self, visitor: Visitor, present: Collection[Visitor]) -> None:
        """``visitor`` asks for something while ``present`` compute or wait."""
        if not present:
            self._seconds.clear()
        there = {account for each in present for account in _accounts(each)}
        if len(self._seconds) > MOST:
            self._seconds = {a: s for a, s in self._seconds.items() if a in there}
        for account in _accounts(visitor):
            peers = [a for a in there if len(a) == len(account) and a[:-1] == account[:-1]]
            if peers and account not in there:
                least = min(self._seconds.get(peer, 0.0) for peer in peers)
                self._seconds[account] = max(self._seconds.get(account, 0.0), least)

    def charge(self, visitor: Visitor, seconds: float) -> None:
        for account in _accounts(visitor):
            self._seconds[account] = self._seconds.get(account, 0.0) + seconds

    def of(self, visitor: Visitor) -> tuple[float, ...]:
        """What the visitor's address and session have had; the smallest goes first."""
        return tuple(self._seconds.get(account, 0.0) for account in _accounts(visitor))


def _accounts(visitor: Visitor) -> tuple[Account, Account]:
    return (visitor[:1], visitor)
