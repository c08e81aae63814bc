"""The dynamic adversary as a training partner: a sigma for each picture, one pass for both networks."""

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.balls import LinfBall, per_picture


def mixed(
    detector,
    images: Tensor,
    classes: Tensor,
    sigma: Tensor,
    *,
    eps: float,
    steps: int,
    step_size: float,
) -> Tensor:
    """What ``Dynamic`` makes of ``images`` ``[N, C, H, W]``, with a ``sigma`` ``[N]`` for each.

    ``detector.both(x)`` gives the classifier's logits and the detector's log-odds by one pass of the
    trunk; the two gradients take two backward passes. Gradients are neither checked nor counted: this
    runs inside a training loop (Metzen et al., 2017, section 3.4).
    """
    ball = LinfBall(images, eps)
    x = images
    share = per_picture(sigma, images)
    for _ in range(steps):
        leaf = x.detach().requires_grad_()
        logits, logit = detector.both(leaf)
        loss = F.cross_entropy(logits.float(), classes, reduction="sum")
        leave = torch.autograd.grad(loss, leaf, retain_graph=True)[0].sign()
        hide = torch.autograd.grad(-logit.float().sum(), leaf)[0].sign()
        x = ball.project(x + step_size * torch.lerp(leave, hide, share))
    return x
