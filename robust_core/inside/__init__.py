"""Inside a network: how far each layer's activations move, where it looks, and its last features."""

from robust_core.inside.changes import Changes, relative_changes
from robust_core.inside.features import Plane, last_features, plane
from robust_core.inside.grad_cam import ClassMaps, NoMapError, grad_cam
from robust_core.inside.listening import blocks, listening

__all__ = [
    "Changes",
    "ClassMaps",
    "NoMapError",
    "Plane",
    "blocks",
    "grad_cam",
    "last_features",
    "listening",
    "plane",
    "relative_changes",
]
