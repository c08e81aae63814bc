"""What the trainings minimise: one small dataclass for each, its numbers and its loss."""

from robust_core.training.objectives.adversarial import FGSMTraining, LambdaTraining, PGDTraining
from robust_core.training.objectives.base import Batch, Clean, LabelSmoothing, Objective, Rows
from robust_core.training.objectives.bounds import IBPTraining
from robust_core.training.objectives.noise import GaussianTraining, PixelDPTraining
from robust_core.training.objectives.smooth import (
    CopiesTraining,
    Distillation,
    GradientPenalty,
    SaturationTraining,
    TemperedTraining,
)

__all__ = [
    "Batch",
    "Clean",
    "CopiesTraining",
    "Distillation",
    "FGSMTraining",
    "GaussianTraining",
    "GradientPenalty",
    "IBPTraining",
    "LabelSmoothing",
    "LambdaTraining",
    "Objective",
    "PGDTraining",
    "PixelDPTraining",
    "Rows",
    "SaturationTraining",
    "TemperedTraining",
]
