"""Hyper-parameters as plain values: what records, keys and tables hold."""

import json
from dataclasses import asdict

import pytest
import torch
from torch import nn

from robust_core import attacks
from robust_core.attacks import Dynamic


@pytest.mark.parametrize("name", attacks.names())
def test_they_are_the_fields(name):
    attack = attacks.create(name)
    assert attack.parameters == asdict(attack)
    assert attacks.create(name, **attack.parameters) == attack


def test_a_detector_goes_by_its_name_and_is_not_copied():
    class Known(nn.Module):
        name = "known"

        def logit(self, images):
            return images.flatten(1).sum(1)

        def __deepcopy__(self, memo):
            raise AssertionError("copied")

    class Unnamed:
        def logit(self, images):
            return torch.zeros(len(images))

    parameters = Dynamic(eps=0.1, detector=Known()).parameters
    assert parameters["detector"] == "known"
    assert json.loads(json.dumps(parameters)) == parameters
    assert Dynamic(detector=Unnamed()).parameters["detector"] == "Unnamed"
