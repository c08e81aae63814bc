"""Many wrong arguments in one test: what fails is named."""

import re
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refused(case: object, sentence: str | re.Pattern[str]) -> Iterator[None]:
    """A ``ValueError`` whose sentence matches, as with ``pytest.raises``; a failure names the case."""
    try:
        yield
    except ValueError as error:
        said = str(error)
        assert re.search(sentence, said), f"{case!r} is refused by another sentence: {said}"
    except Exception as error:
        raise AssertionError(f"{case!r} ends in {error!r}") from error
    else:
        raise AssertionError(f"{case!r} is not refused")
