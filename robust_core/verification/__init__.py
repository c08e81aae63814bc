"""Guarantees by bounds: no picture within a radius gets another class, whatever an attacker tries."""

from robust_core.verification.boxes import Ball
from robust_core.verification.checks import METHODS, check_method
from robust_core.verification.layered import LayerBounds, layer_bounds
from robust_core.verification.milp import Solved
from robust_core.verification.network import Network
from robust_core.verification.radius import Radii, radii, radius
from robust_core.verification.record import STATUSES, Verification
from robust_core.verification.tracing import compile_network
from robust_core.verification.verify import verify

__all__ = [
    "METHODS",
    "STATUSES",
    "Ball",
    "LayerBounds",
    "Network",
    "Radii",
    "Solved",
    "Verification",
    "check_method",
    "compile_network",
    "layer_bounds",
    "radii",
    "radius",
    "verify",
]
