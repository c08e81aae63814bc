"""The ResNet-32 with the noise layer of PixelDP (Lecuyer et al., 2019, sections 3 and 4).

If an inner layer is differentially private with respect to the input, no small change of the picture
can move the network's expected scores far. Of the places that the paper offers for the noise, this is
the one behind the first convolution, for attacks bounded in L2: the relevant sensitivity is then
``Delta_{2,2}``, the operator norm of that convolution, and the certificate is a radius in L2,
comparable with that of randomised smoothing. (Noise on the picture itself would, in training, be plain
Gaussian augmentation; slices of norm 1, ``Delta_{1,2}``, would certify L1.)
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.models.resnet import ResNet32


class PixelDPResNet32(ResNet32):
    """Pictures ``[N, 3, 32, 32]`` to logits ``[N, classes]``; ``noisy`` gives those of one draw.

    The kernel is divided by a bound of the convolution's operator norm, so that ``sensitivity`` is at
    most 1 whatever the weights are: the largest singular value of the kernel as a matrix of one row per
    map, times ceil(side / stride), as each pixel is in at most the square of that many patches (the
    bound of the paper and its code, which reach 1 by projecting the weights during training). It is in
    units of the input: pixels, where they are normalised by a mean only.

    ``sigma`` is the standard deviation of the layer's Gaussian noise. It makes the layer
    (eps, delta)-private for changes of L2 norm up to ``sigma * eps / sqrt(2 ln(1.25 / delta))``: 0.0985
    for sigma 0.25, eps 1 and delta 0.05. ``forward`` adds no noise: it is deterministic, and its
    answers carry no guarantee.
    """

    sensitivity = 1.0

    def __init__(self, sigma: float = 0.25, classes: int = 10) -> None:
        super().__init__(classes)
        self.sigma = sigma

    def first(self, x: Tensor) -> Tensor:
        """The convolution of operator norm at most 1: ``[N, 16, 32, 32]``, the private layer's mean."""
        conv = self.stem[0]
        assert isinstance(conv, nn.Conv2d)
        times = -(-conv.kernel_size[0] // conv.stride[0])
        norm = torch.linalg.matrix_norm(conv.weight.flatten(1), 2) * times
        return F.conv2d(x, conv.weight / norm, stride=conv.stride, padding=conv.padding)

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        yield "AD(0)", x
        yield from self._behind(self.first(x))

    def noisy(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Logits ``[N, classes]`` with one draw of the noise for each picture."""
        shape = (len(x), *self.noise_shape(x))
        return self.with_noise(
            x, torch.randn(shape, generator=generator, dtype=x.dtype, device=generator.device)
        )

    def with_noise(self, x: Tensor, noise: Tensor) -> Tensor:
        """Logits ``[N, classes]`` with ``sigma * noise``, ``[N, 16, 32, 32]`` of deviation 1."""
        activation = self.first(x)
        *_, (_, activation) = self._behind(activation + self.sigma * noise.to(activation))
        return self.head(activation)

    def noise_shape(self, x: Tensor) -> tuple[int, ...]:
        """The shape of one picture's noise: that of the first convolution's maps."""
        return (self.stem[0].out_channels, *x.shape[2:])

    def _behind(self, activation: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield ``(attachment point, activation)`` behind the first convolution, in order."""
        parts = (self.stem[1:], self.stage1, self.stage2, self.stage3)
        for point, part in zip(self.attachment_points[1:], parts, strict=True):
            activation = part(activation)
            yield point, activation
