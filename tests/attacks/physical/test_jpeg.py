"""JPEG in torch against Pillow's files, and the gradient that it passes on."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from robust_core.attacks.physical.jpeg import jpeg
from robust_core.data.fitting import to_pixels


def through_pillow(image, quality):
    pixels = to_pixels(image)[0]
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(
        file, "JPEG", quality=quality, subsampling="4:2:0"
    )
    back = torch.from_numpy(np.array(Image.open(file))).float() / 255
    return back.view(pixels.shape).permute(2, 0, 1).unsqueeze(0)


@pytest.mark.parametrize("quality", [10, 50, 75, 95])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_pillow_s_up_to_rounding(quality, channels):
    from skimage.data import astronaut

    pixels = torch.from_numpy(astronaut()[:75, 150:241].copy()).permute(2, 0, 1)
    image = pixels[None, :channels].float() / 255
    ours = jpeg(image[None], torch.tensor([float(quality)]))[0]
    theirs = through_pillow(image, quality)
    lost = (theirs - image).abs().mean()
    assert (ours - theirs).abs().mean() < min(1.2 / 255, 0.6 * lost)
    assert (ours * 255 - (ours * 255).round()).abs().max() < 1e-3, "a file holds whole levels"


def test_each_group_has_its_quality_and_each_picture_is_alone():
    grey = torch.rand(2, 3, 1, 20, 13, generator=torch.Generator().manual_seed(0))
    images = grey.expand(2, 3, 3, 20, 13)
    quality = torch.tensor([20.0, 90.0])
    together = jpeg(images, quality)
    for i in range(2):
        for j in range(3):
            alone = jpeg(images[i : i + 1, j : j + 1], quality[i : i + 1])
            torch.testing.assert_close(alone[0, 0], together[i, j], rtol=0, atol=1.01 / 255)
    lost = (together - images).abs().flatten(1).mean(1)
    assert lost[0] > 2 * lost[1]


def test_its_gradient_is_nearly_that_of_nothing_for_luma():
    """Rounding straight through leaves the transform and its inverse, which cancel."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, 1, 16, 24, generator=generator, dtype=torch.float64)
    image = image.mul(0.4).add(0.3).requires_grad_()
    weight = torch.randn(image.shape, generator=generator, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((jpeg(image, torch.tensor([60.0])) * weight).sum(), image)
    torch.testing.assert_close(gradient, weight)
