import numpy as np
import pytest
import torch
from PIL import Image

from robust_core.data.fitting import SLACK, as_saved, fit, to_pixels, to_tensor

SIZES = [(300, 451), (451, 300), (33, 32), (57, 200), (256, 256), (20, 31), (225, 224)]


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(("size", "resize"), [(224, 256), (224, 232), (32, 32), (31, 40)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_crop_is_torchvisions_resize_and_center_crop(shape, size, resize, interpolation):
    functional = pytest.importorskip("torchvision.transforms.functional")
    modes = pytest.importorskip("torchvision.transforms").InterpolationMode
    pixels = noise(*shape)
    image = functional.resize(Image.fromarray(pixels), [resize], modes(interpolation))
    expected = np.asarray(functional.center_crop(image, [size, size]))
    fitted = fit(
        pixels,
        size=(size, size),
        resize=resize,
        channels=3,
        how="crop",
        interpolation=interpolation,
    )
    assert np.array_equal(fitted, expected)


@pytest.mark.parametrize("shape", SIZES)
def test_squash_is_one_resize(shape):
    pixels = noise(*shape)
    expected = np.asarray(Image.fromarray(pixels).resize((48, 32), Image.Resampling.BILINEAR))
    assert np.array_equal(fit(pixels, size=(32, 48), resize=32, channels=3, how="squash"), expected)


@pytest.mark.parametrize("how", ["crop", "squash"])
@pytest.mark.parametrize("resize", [24, 40])
def test_the_right_size_is_left_alone(how, resize):
    pixels = noise(24, 24)
    fitted = fit(pixels, size=(24, 24), resize=resize, channels=3, how=how)
    assert np.array_equal(fitted, pixels)


@pytest.mark.parametrize("how", ["crop", "squash"])
def test_the_result_is_new_and_the_input_untouched(how):
    pixels = noise(24, 24)
    pixels.setflags(write=False)
    before = pixels.copy()
    fit(pixels, size=(24, 24), resize=24, channels=3, how=how)[:] = 0
    assert np.array_equal(pixels, before)


def test_one_channel_is_luma_and_grey_stays_grey():
    pixels = noise(8, 8)
    fitted = fit(pixels, size=(8, 8), resize=8, channels=1, how="crop")
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    assert fitted.shape == (8, 8, 1)
    assert np.abs(fitted[:, :, 0] - luma).max() <= 0.51
    grey = np.repeat(pixels[:, :, :1], 3, axis=2)
    fitted = fit(grey, size=(8, 8), resize=8, channels=1, how="crop")
    assert np.array_equal(fitted, pixels[:, :, :1])


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"how": "stretch"}, "how"),
        ({"interpolation": "nearest"}, "interpolation"),
        ({"channels": 4}, "channels"),
        ({"size": (0, 8)}, "size"),
        ({"resize": 7}, "resize"),
    ],
)
def test_bad_arguments_are_named(change, word):
    arguments = {"size": (8, 8), "resize": 8, "channels": 3, "how": "crop"} | change
    with pytest.raises(ValueError, match=f"^{word} must be"):
        fit(noise(20, 30), **arguments)


@pytest.mark.parametrize("bad", [np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8)])
def test_bad_pixels_are_named(bad):
    with pytest.raises(ValueError, match=r"^picture_pixels must be"):
        fit(bad, size=(8, 8), resize=8, channels=3, how="crop")


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_to_tensor_and_back_is_exact(channels):
    pixels = np.arange(256, dtype=np.uint8).repeat(channels).reshape(8, 32, channels)
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, channels, 8, 32)
    assert tensor.dtype == torch.float32
    assert (tensor.min(), tensor.max()) == (0, 1)
    for dtype in (torch.float32, torch.float64, torch.float16):
        assert np.array_equal(to_pixels(tensor.to(dtype)), pixels[None])


def test_to_pixels_rounds_to_the_nearest_and_clips():
    values = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 253.6 / 255, 1.5]).view(1, 1, 1, 5)
    assert to_pixels(values).flatten().tolist() == [0, 0, 1, 254, 255]


@pytest.fixture
def eight_bit():
    """Random 8-bit pictures ``[4, 3, 9, 7]``, with values at both ends."""
    levels = torch.randint(0, 256, (4, 3, 9, 7), generator=torch.Generator().manual_seed(0))
    levels[:, :, 0], levels[:, :, 1] = 0, 255
    return levels.float() / 255


RADII = (0.0, 1e-9, 0.001, 1 / 255, 0.01, 2 / 255, 8 / 255, 0.1, 0.15, 0.5, 0.7, 1.0)


@pytest.mark.parametrize("eps", RADII)
def test_rounded_towards_the_clean_picture_no_norm_grows(eight_bit, eps):
    draw = torch.Generator().manual_seed(1)
    full = eps * torch.randn(eight_bit.shape, generator=draw).sign()
    partial = eps * (2 * torch.rand(eight_bit.shape, generator=draw) - 1)
    clean = to_pixels(eight_bit).astype(int)
    for delta in (full, partial, 1e-3 * partial):
        moved = (eight_bit + delta).clamp(0, 1)
        change = to_pixels(moved, towards=eight_bit).astype(int) - clean
        exact = (moved.double() - eight_bit.double()).mul(255).permute(0, 2, 3, 1).numpy()
        assert np.abs(change).max() / 255 <= eps
        assert (np.abs(change) <= np.abs(exact) + SLACK).all(), "so no norm is larger"
        assert (np.abs(change) >= np.floor(np.abs(exact))).all(), "nor is a whole level lost"
        assert (change * exact >= 0).all()


def test_a_radius_of_whole_levels_is_used_in_full(eight_bit):
    """float32 puts x + 8/255 a hair below the level for some x, above it for others."""
    for levels in (1, 2, 8, 16, 100):
        for sign in (1, -1):
            moved = (eight_bit + sign * levels / 255).clamp(0, 1)
            clean = to_pixels(eight_bit).astype(int)
            expected = np.clip(clean + sign * levels, 0, 255)
            assert (to_pixels(moved, towards=eight_bit) == expected).all()


def test_towards_pictures_between_the_levels_half_a_level_is_the_limit():
    """k/16, as the digits are: no file is closer to most of them than the nearest level."""
    draw = torch.Generator().manual_seed(2)
    clean = torch.randint(0, 17, (3, 1, 8, 8), generator=draw) / 16
    for eps in (1e-4, 0.5 / 255, 0.01, 0.1):
        moved = (clean + eps * torch.randn(clean.shape, generator=draw).sign()).clamp(0, 1)
        change = (as_saved(moved, clean).double() - clean.double()).abs().max()
        assert change <= max(eps, 0.5 / 255) + 1e-6


def test_what_is_saved_is_read_back_and_saved_again_unchanged(eight_bit):
    moved = (eight_bit + 0.01).clamp(0, 1)
    once = as_saved(moved, eight_bit)
    assert once.dtype == torch.float32
    for again in (as_saved(once), as_saved(once, eight_bit)):
        assert torch.equal(again, once)
    with pytest.raises(ValueError, match="towards must be of the shape of images"):
        to_pixels(moved, towards=eight_bit[:1])


def test_to_pixels_keeps_batch_and_position():
    images = torch.rand(3, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    pixels = to_pixels(images.clone().requires_grad_())
    assert pixels.shape == (3, 5, 7, 3)
    assert pixels[2, 4, 1, 0] == round(float(images[2, 0, 4, 1]) * 255)


def test_to_pixels_refuses_what_is_no_picture():
    with pytest.raises(ValueError, match="NaN"):
        to_pixels(torch.full((1, 1, 2, 2), torch.nan))
    with pytest.raises(ValueError, match="N, C, H, W"):
        to_pixels(torch.zeros(3, 8, 8))
    with pytest.raises(ValueError, match="uint8"):
        to_tensor(np.zeros((8, 8, 3), np.float32))
