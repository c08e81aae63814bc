"""What a computation that stands still keeps: the tensors and arrays of its calls, each once."""

import sys
import weakref

import numpy as np
import torch
from torch import nn

from robust_core.engine.held import held


def work(report, shared):
    picture = torch.zeros(1000)
    same = picture[:10]  # a view counts as what it looks into, once
    return step(report, picture, np.zeros(500)), same, shared


def step(report, picture, scratch):
    return report(), picture.shape, scratch.shape


def measured(**options) -> int:
    """As seen from the innermost call of ``work``."""
    (size, *_), *_ = work(
        lambda: held(sys._getframe(1), measured.__code__, **options), nn.Linear(500, 500)
    )
    return size


def test_the_arrays_of_all_calls_count_once_and_networks_not_at_all():
    assert 8000 <= measured() < 10_000


def test_what_is_skipped_does_not_count():
    assert 4000 <= measured(skip=(torch.Tensor,)) < 6000


def test_measuring_keeps_nothing_alive():
    picture = torch.zeros(10)
    before = weakref.ref(picture)
    held(sys._getframe(), measured.__code__)
    del picture
    assert before() is None
