"""Progress: a counter tells of every step, and of none where nobody listens."""

import pytest

from robust_core.progress import counter


def test_it_tells_of_every_step_from_0():
    seen = []
    tell = counter(lambda done, total: seen.append((done, total)), 2)
    tell()
    tell()
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_nobody_needs_to_listen():
    counter(None, 3)()


def test_what_is_raised_ends_the_computation():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    tell = counter(stop, 5)
    with pytest.raises(KeyboardInterrupt):
        tell()
