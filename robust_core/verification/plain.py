"""What must not be in a network for its layers to tell what it does."""

from torch import nn

from robust_core.contract import HALF
from robust_core.verification.building import Refusal


def check_plain(model: nn.Module) -> None:
    """Raises ``ValueError`` for weights of half precision, and for hooks: a trace does not see those."""
    for name, weight in (*model.named_parameters(), *model.named_buffers()):
        if weight.dtype in HALF:
            raise Refusal(
                f"model cannot be verified in half precision ({name} is {weight.dtype}): its own answers "
                "round by more than a proof allows for; verify model.float()"
            )
    for name, layer in model.named_modules():
        if _hooked(layer):
            where = f"{name} ({type(layer).__name__})" if name else type(layer).__name__
            raise Refusal(
                f"model cannot be compiled: {where} has a hook, which may do anything; remove it"
            )


def _hooked(layer: nn.Module) -> bool:
    """Whether a layer does more than its own work; torch's weight norm only sets weights before it."""
    before = [hook for hook in layer._forward_pre_hooks.values() if not _of_torch(hook)]
    return bool(layer._forward_hooks or before)


def _of_torch(hook: object) -> bool:
    return type(hook).__module__.startswith("torch.nn.utils")
