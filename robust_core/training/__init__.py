"""Recipes that made every file in assets/weights."""

from robust_core.training.recipes import RECIPES, Recipe
from robust_core.training.run import train

__all__ = ["RECIPES", "Recipe", "train"]
