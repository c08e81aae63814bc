"""What contestants are made of: the model with counted passes, and ways to call the peers."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Perturb = Callable[[Tensor, Tensor], Tensor]


class Counted(nn.Module):
    """``model``, counting the pictures in forward and in backward passes: a microsecond a pass."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.forwards = self.backwards = 0

    def forward(self, x: Tensor) -> Tensor:
        self.forwards += len(x)
        logits = self.model(x)
        if logits.requires_grad:
            logits.register_hook(self._pulled)
        return logits

    def _pulled(self, gradient: Tensor) -> None:
        self.backwards += len(gradient)

    def restart(self) -> None:
        self.forwards = self.backwards = 0


@dataclass(frozen=True)
class Contestant:
    """An attack ready to be called.

    ``most``: the most pictures it runs on, where all would take hours; None for all. ``slow``: left out
    of a quick run, and run once instead of in every round.
    """

    name: str
    perturb: Perturb
    setting: str = ""
    most: int | None = None
    slow: bool = False

    @property
    def label(self) -> str:
        return f"{self.name} ({self.setting})" if self.setting else self.name


def foolbox_attack(peer: object, model: nn.Module) -> Perturb:
    import foolbox

    device = next(model.parameters()).device
    wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device=device)
    # run, not __call__: foolbox's call predicts once more to report success.
    return lambda x, y: peer.run(wrapped, x, foolbox.criteria.Misclassification(y))


def art(model: nn.Module) -> object:
    from art.estimators.classification import PyTorchClassifier

    inner = model.model
    return PyTorchClassifier(
        model=model,
        loss=nn.CrossEntropyLoss(),
        input_shape=(inner.channels, *inner.input_size),
        nb_classes=len(inner.class_names),
        clip_values=(0.0, 1.0),
        device_type="gpu" if next(model.parameters()).is_cuda else "cpu",
    )


def through_numpy(make: Callable[[int], object]) -> Perturb:
    """A peer that takes arrays; ``make`` gives the attack for a batch size."""

    def perturb(x: Tensor, y: Tensor) -> Tensor:
        made = make(len(x)).generate(x.cpu().numpy(), y.cpu().numpy())
        return torch.from_numpy(made).to(x)

    return perturb
