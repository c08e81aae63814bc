"""Printable colours: the score is 0 on them and only there."""

import pytest
import torch

from robust_core.attacks.physical.printing import COLOURS, colours, non_printability, printed


def test_the_score_is_the_product_of_all_distances():
    image = torch.full((1, 3, 1, 1), 0.5, dtype=torch.float64)
    known = torch.tensor(COLOURS, dtype=torch.float64)
    expected = (known - 0.5).norm(dim=1).prod()
    torch.testing.assert_close(non_printability(image), expected.unsqueeze(0))


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_printed_is_printable_and_printing_again_changes_nothing(pictures, channels):
    images = pictures(2, (channels, 6, 5), low=0, high=1)
    paper = printed(images)
    assert (non_printability(images) > 1e-5).all() or channels == 1
    assert (non_printability(paper) < 1e-6).all()
    assert printed(paper).equal(paper)
    apart = (images.permute(0, 2, 3, 1).unsqueeze(3) - colours(images)).norm(dim=4).amin(3)
    torch.testing.assert_close((paper - images).norm(dim=1), apart)


def test_only_the_area_counts_and_changes(pictures):
    images = pictures(2, (3, 6, 6))
    area = torch.zeros(1, 1, 6, 6)
    area[..., :3] = 1
    half = printed(images, area)
    assert half[..., 3:].equal(images[..., 3:])
    assert (non_printability(half, area) < 1e-6).all()
    assert (non_printability(half, 1 - area) > 1e-6).all()
    torch.testing.assert_close(
        non_printability(images, area), non_printability(images[..., :3].contiguous())
    )


def test_other_channels_are_refused(pictures):
    with pytest.raises(ValueError, match="1 or 3 channels to be printed; got 2"):
        non_printability(pictures(1, (2, 4, 4)))
