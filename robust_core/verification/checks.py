"""What verification rejects, in sentences that name the argument and what is allowed."""

import math

import torch
from torch import Tensor

from robust_core.attacks.base import LARGEST
from robust_core.verification.boxes import L2, LINF, NORMS

IBP, CROWN, OPTIMISED, LP, MILP = "ibp", "crown", "crown-optimised", "lp", "milp"
METHODS = (IBP, CROWN, OPTIMISED, LP, MILP)
WITH_L2 = (CROWN, OPTIMISED)


def check_method(method: object, norm: object) -> None:
    """Raise ``ValueError`` for an unknown method or norm, or where a method does not know the norm."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}")
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}; got {norm!r}")
    if norm == L2 and method not in WITH_L2:
        raise ValueError(
            f"norm must be {LINF} for {method}; only {' and '.join(WITH_L2)} know {L2}"
        )


def radii_of(eps: object, count: int) -> Tensor:
    """``eps``, one for all or one for each picture, as float64 ``[N]``."""
    allowed = f"a number from 0 to {LARGEST:g}, or a tensor of one for each picture [{count}]"
    try:
        values = torch.as_tensor(eps, dtype=torch.float64, device="cpu").detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"eps must be {allowed}; got {eps!r}") from error
    inside = bool((values >= 0).all() and (values <= LARGEST).all())  # also refuses NaN
    if isinstance(eps, bool) or values.shape not in ((), (count,)) or not inside:
        raise ValueError(f"eps must be {allowed}; got {eps!r}")
    return values.expand(count).clone()


def seconds_of(seconds: object) -> float:
    """The time budget for each picture; ``ValueError`` unless it is above 0."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not seconds > 0 or math.isnan(seconds):  # type: ignore[operator,arg-type]
        raise ValueError(
            f"seconds, the time for each picture, must be a number above 0; got {seconds!r}"
        )
    return float(seconds)  # type: ignore[arg-type]
