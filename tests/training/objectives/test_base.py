"""The losses on pictures as they are."""

import pytest
import torch
import torch.nn.functional as F

from robust_core.training.objectives import Batch, Clean, LabelSmoothing


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_smoothed_labels_are_partly_those_of_all_classes(model, batch, generator, share):
    images, labels = batch
    told = LabelSmoothing(share=share).loss(model, Batch(images, labels, generator))
    log = F.log_softmax(model(images), dim=1)
    expected = (1 - share) * F.nll_loss(log, labels) - share * log.mean()
    torch.testing.assert_close(told, expected)
    if share == 0:
        assert torch.equal(told, Clean().loss(model, Batch(images, labels, generator)))


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(ValueError, match="share must be from 0 to 1"):
        LabelSmoothing(share=share)
