"""Grad-CAM: where a network looks for a class (Selvaraju et al., 2017, equations 1 and 2).

``ReLU(sum_k alpha_k A^k)`` over the feature maps ``A^k`` of a late layer, where ``alpha_k`` is the mean
over the map of the gradient of the class's logit. For a network that ends in global average pooling and one
dense layer it is the class activation map of Zhou et al. (2016), up to a factor.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.inside.listening import every, listening
from robust_core.probabilities import as_logits

EXTRA_TOKENS = 8
"""Most tokens of a transformer that stand for no part of the picture: for the class, or registers."""


class NoMapError(ValueError):
    """The network has nothing that still shows where in the picture something is."""


@dataclass(frozen=True)
class ClassMaps:
    """For each picture a map ``[N, h, w]`` on the CPU, float32, at least 0: where its class is seen.

    ``layer`` names the module whose result was looked at, and ``features`` says how many maps or, of a
    transformer's ``tokens``, values for each patch it has.
    """

    layer: str
    features: int
    tokens: bool
    values: Tensor


@dataclass
class _Candidate:
    """The result of a module, and how it becomes feature maps: ``grid`` is None where it is one."""

    layer: str
    made: Tensor
    grid: tuple[int, int] | None = None

    def as_maps(self, values: Tensor) -> Tensor:
        """``[N, T, D]`` tokens as ``[N, D, h, w]``, without those that stand for no place."""
        if self.grid is None:
            return values
        height, width = self.grid
        patches = values[:, -height * width :]
        return patches.transpose(1, 2).unflatten(2, (height, width))


def grad_cam(model: Classifier, images: Tensor, classes: Tensor) -> ClassMaps:
    """A map for each picture ``[N, C, H, W]`` in [0, 1] and the class ``[N]`` that is asked for in it.

    The layer is found: the last result that has a place for each part of the picture and a gradient there,
    feature maps ``[N, K, h, w]`` of more than one place, or a transformer's tokens once patches have become
    such. The model's weights get no gradient.
    Raises ``NoMapError`` where there is none, as in a multilayer perceptron; ``ValueError`` for a model
    without layers, for pictures of another size, and where ``classes`` are not one for each picture.
    """
    model.check_pictures(images)
    if classes.shape != images.shape[:1]:
        raise ValueError(
            f"classes must be one for each of {len(images)} pictures; got {list(classes.shape)}"
        )
    ear = _Ear(len(images))
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        listening(model, every, ear) as heard,
    ):
        x = images.detach().clone().to(heard.device).requires_grad_()
        logits = as_logits(heard(x))
        asked = logits.gather(1, classes.to(logits.device)[:, None]).sum()
        for found in reversed(ear.candidates):
            (gradient,) = torch.autograd.grad(
                asked, found.made, retain_graph=True, allow_unused=True
            )
            if gradient is None:
                continue
            slopes = found.as_maps(gradient)
            if slopes.any():
                maps = found.as_maps(found.made.detach())
                return ClassMaps(
                    found.layer, maps.shape[1], found.grid is not None, weighted(maps, slopes)
                )
    raise NoMapError(
        f"the network {model.name} has no feature maps: none of its layers knows where in the picture it "
        "looks"
    )


def weighted(maps: Tensor, slopes: Tensor) -> Tensor:
    """``ReLU(sum_k alpha_k A^k)`` ``[N, h, w]`` of maps and their gradients ``[N, K, h, w]``."""
    alpha = slopes.mean(dim=(2, 3), keepdim=True)
    return (alpha * maps).sum(1).relu().float().cpu()


class _Ear:
    """Keeps every result that may be looked at, in order."""

    def __init__(self, pictures: int) -> None:
        self.pictures = pictures
        self.candidates: list[_Candidate] = []
        self._learnt = False

    def __call__(self, name: str, module: nn.Module, _: Tensor, made: Tensor) -> None:
        self._learnt |= next(module.parameters(), None) is not None
        if not self._learnt or not made.requires_grad or len(made) != self.pictures:
            return
        if made.ndim == 4 and math.prod(made.shape[2:]) > 1:
            self.candidates.append(_Candidate(name, made))
        elif made.ndim == 3 and self.candidates:
            last = self.candidates[-1]
            grid = last.grid or (last.made.shape[2], last.made.shape[3])
            if 0 <= made.shape[1] - math.prod(grid) <= EXTRA_TOKENS:
                self.candidates.append(_Candidate(name, made, grid))
