"""What networks of several stages share: activations that are reachable by name."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from robust_core.models.detector import Attachment


class Staged(nn.Module):
    """A stem and stages, behind them by default one dense layer after global average pooling.

    Its activations are reachable by name, without hooks (a hook on a network shared by several threads
    would mix their results). ``AD(i)`` are the attachment points of the adversary detectors of Metzen
    et al. (2017): ``AD(0)`` the input, ``AD(1)`` after the stem, then one after each stage.
    ``attachments`` are those of them that subnetworks are made for, ``usual_point`` is the one where
    nothing else is said.
    """

    attachment_points: ClassVar[tuple[str, ...]]
    attachments: ClassVar[Mapping[str, Attachment]]
    usual_point: ClassVar[str]
    dense: nn.Linear

    def parts(self) -> tuple[nn.Module, ...]:
        """The stem and the stages, in order."""
        raise NotImplementedError

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield ``(attachment point, activation)`` in order, computing no further than needed."""
        yield self.attachment_points[0], x
        for point, part in zip(self.attachment_points[1:], self.parts(), strict=True):
            x = part(x)
            yield point, x

    def features(self, x: Tensor, point: str) -> Tensor:
        """The activation at one attachment point; layers behind it are not computed."""
        for name, activation in self.walk(x):
            if name == point:
                return activation
        raise ValueError(f"point must be one of {', '.join(self.attachment_points)}; got {point!r}")

    def head(self, activation: Tensor) -> Tensor:
        """Logits from the activation at the last attachment point."""
        return self.dense(torch.mean(activation, dim=(2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x, self.attachment_points[-1]))


def kaiming(network: nn.Module) -> None:
    """Random weights of all convolutions as He et al. (2015) draw them.

    On the meta device there is nothing to draw, and to try imports a compiler, which takes seconds.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
