"""Controls: the attack on a pair is never made without the detector that it is to fool."""

import pytest

from robust_core import attacks
from robust_core.dashboard import controls


@pytest.mark.parametrize("name", attacks.names(pair=True))
def test_an_attack_on_a_pair_needs_the_name_of_a_detector(name):
    attack = attacks.get(name)
    with pytest.raises(ValueError, match=f"{name} needs a detector to fool"):
        controls.kept_parameters(attack, 0.1)
    kept = controls.kept_parameters(attack, 0.1, "cifar10-resnet32-dynamic")
    assert kept["detector"].name == "cifar10-resnet32-dynamic"
