"""Training under random noise: the base classifiers of the two kinds of smoothing."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.training.objectives.base import Batch, Objective, check, logits
from robust_core.training.objectives.crafting import normal


@dataclass(frozen=True, kw_only=True)
class GaussianTraining(Objective):
    """``E L(x + n, y)``, n normal with deviation ``sigma`` in pixel units, one draw for each picture.

    Cohen et al. (2019), section 3.3. The noise comes before the normalisation and nothing is clipped.
    """

    kind: str = field(default="gaussian", init=False)
    sigma: float

    def __post_init__(self) -> None:
        check("sigma", self.sigma, 0)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        noise = self.sigma * normal(batch.images, batch.generator, batch.rows)
        return F.cross_entropy(logits(model, batch.images + noise), batch.labels)


@dataclass(frozen=True, kw_only=True)
class PixelDPTraining(Objective):
    """``E L`` over the noise inside the network, one draw for each picture.

    Lecuyer et al. (2019), section 3.3. The network is a ``models.PixelDPResNet32``, which sets the size
    of the noise; it has its full size from the first step on.
    """

    kind: str = field(default="pixeldp", init=False)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        def noisy(x: Tensor) -> Tensor:
            x, rows = model.normalise(x), batch.place
            shape = (rows.whole, *model.network.noise_shape(x))
            generator = batch.generator
            noise = torch.randn(shape, generator=generator, dtype=x.dtype, device=generator.device)
            return model.network.with_noise(x, rows.of(noise))

        return F.cross_entropy(logits(noisy, batch.images), batch.labels)
