"""The lessons: their table, their steps, what the steps find, and the teacher's sheet."""

from robust_core.words.lessons.table import LESSONS, MINUTES, Lesson

__all__ = ["LESSONS", "MINUTES", "Lesson"]
