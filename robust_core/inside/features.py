"""A network's last features, on which its last layer decides, and a flat map of them.

The map is the plane of closest fit (Pearson, 1901): the first two principal components of the features of
some pictures. Distances on it are at most those between the features.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.engine import in_batches
from robust_core.inside.listening import listening
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

AT_ONCE = 2**20
"""Values of pictures in one batch."""


def last_features(
    model: Classifier, images: Tensor, progress: Progress | None = None
) -> tuple[Tensor, Tensor]:
    """What the last layer with weights is given, float64 ``[N, D]``, and the answers, int64 ``[N]``.

    Of maps ``[N, D, h, w]`` and of tokens ``[N, T, D]`` it is the mean over all places. Pictures are
    ``[N, C, H, W]`` in [0, 1]. Raises ``ValueError`` for pictures of another size than the model's, and for
    a model without layers or weights.
    """
    model.check_pictures(images)
    last: list[Tensor] = []
    done = 0

    def hear(name: str, module: nn.Module, given: Tensor, made: Tensor) -> None:
        last[:] = [given]

    with torch.inference_mode(), listening(model, _with_weights, hear) as heard:

        def ask(part: Tensor) -> tuple[Tensor, Tensor]:
            nonlocal done
            last.clear()
            answers = as_logits(heard(part.to(heard.device))).argmax(1).cpu()
            if not last:
                raise ValueError(f"model must have a layer with weights; {model.name} has none")
            done += len(part)
            if progress is not None:
                progress(done, len(images))
            return _flat(last[0], len(part)).cpu().double(), answers

        batch = max(1, AT_ONCE // images[0].numel()) if len(images) else 1
        features, answers = in_batches(ask, images, batch)
    return features, answers


def _with_weights(network: nn.Module) -> dict[str, nn.Module]:
    """The layers that have weights, and no layers inside: those that hold others end after the last one."""
    return {
        name or type(network).__name__: module
        for name, module in network.named_modules()
        if next(module.parameters(), None) is not None and not any(module.children())
    }


def _flat(given: Tensor, pictures: int) -> Tensor:
    """``[N, D]``: maps and tokens by their mean; ``ValueError`` where the pictures are not told apart."""
    if len(given) != pictures or given.ndim < 2:
        raise ValueError(
            f"the last layer must be given a row for each of {pictures} pictures; got {list(given.shape)}"
        )
    if given.ndim == 3:
        return given.mean(1)
    return given.flatten(2).mean(2) if given.ndim > 3 else given


@dataclass(frozen=True)
class Plane:
    """A flat map of features: ``mean`` ``[D]``, ``axes`` ``[2, D]`` of length 1, at right angles.

    ``explained`` are the shares of the variance along both, of the features that it was fitted on.
    """

    mean: Tensor
    axes: Tensor
    explained: tuple[float, float]

    def places(self, features: Tensor) -> Tensor:
        """Coordinates float64 ``[N, 2]`` of features ``[N, D]``."""
        return (features.double() - self.mean) @ self.axes.T


def plane(features: Tensor) -> Plane:
    """The plane of closest fit to features ``[N, D]``, by scikit-learn's PCA; the same at every call.

    Raises ``ValueError`` for fewer than three pictures or two features, and where all are equal.
    """
    pictures, size = features.shape
    if pictures < 3 or size < 2:
        raise ValueError(
            f"features must be at least 2 of each of 3 pictures; got {size} of {pictures}"
        )
    if not (features != features[0]).any():
        raise ValueError("features must differ between the pictures; all are equal")
    from sklearn.decomposition import PCA  # half a second to import

    found = PCA(2, svd_solver="full").fit(features.double().numpy())
    first, second = found.explained_variance_ratio_.tolist()
    return Plane(
        torch.from_numpy(found.mean_), torch.from_numpy(found.components_), (first, second)
    )
