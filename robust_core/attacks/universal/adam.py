"""Adam for one tensor (Kingma, Ba, 2015, algorithm 1): ``torch.optim`` takes seconds to import."""

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
TINY = 1e-8


class Adam:
    """The running moments of the gradients at one tensor."""

    def __init__(self, like: Tensor) -> None:
        self.mean = torch.zeros_like(like)
        self.square = torch.zeros_like(like)
        self.age = 0

    def rise(self, gradient: Tensor) -> Tensor:
        """The step up ``gradient`` for a learning rate of 1."""
        self.age += 1
        self.mean.lerp_(gradient, 1 - BETAS[0])
        self.square.lerp_(gradient.square(), 1 - BETAS[1])
        root = (self.square / (1 - BETAS[1] ** self.age)).sqrt_().add_(TINY)
        return self.mean / (1 - BETAS[0] ** self.age) / root
