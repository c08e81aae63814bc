"""Running a command line inside the test process."""

import json
from dataclasses import dataclass

import pytest

from robust_core.__main__ import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line of a mistake; more than that is a failure of the test."""
        assert self.status == 2
        assert self.out == ""
        (line,) = self.err.splitlines()
        prefix = "robust_core: error: "
        assert line.startswith(prefix)
        return line.removeprefix(prefix)


@pytest.fixture
def command(capsys):
    """``command("attack", ...)`` runs a command line and says how it ended."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        return Ended(status, *capsys.readouterr())

    return run
