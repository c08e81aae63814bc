"""The five lessons: what each asks and where it leads. Home and the page Lessons both read this table."""

from dataclasses import dataclass

from robust_core.words.lessons import lesson_1, lesson_2, lesson_3, lesson_4, lesson_5
from robust_core.words.lessons.step import Step


@dataclass(frozen=True)
class Lesson:
    """``question`` is what it begins with, ``sentence`` what one takes away."""

    number: int
    title: str
    question: str
    sentence: str
    steps: tuple[Step, ...]


LESSONS = (
    Lesson(
        1,
        "From a gradient to FGSM",
        "How do you find a change that nobody sees, but that makes the model say another class?",
        "The gradient that trains a model also says how to fool it.",
        lesson_1.STEPS,
    ),
    Lesson(
        2,
        "Stronger attacks and their price",
        "What do more steps, a smaller change, or seeing nothing but the label cost?",
        "An attack is a search: what it finds depends on what it knows and on what it may spend.",
        lesson_2.STEPS,
    ),
    Lesson(
        3,
        "Detectors, and who knows them",
        "Can a second network tell adversarial pictures from clean ones?",
        "A detector finds the attacks it was made for, until the attacker knows it.",
        lesson_3.STEPS,
    ),
    Lesson(
        4,
        "Defences, and what broke them",
        "Which defences hold when the attacker knows them?",
        "Judge a defence by the strongest attack made against it in particular.",
        lesson_4.STEPS,
    ),
    Lesson(
        5,
        "Proof and its price",
        "When is it certain that nobody can break a model within eps, not even by an attack yet to be "
        "found?",
        "A proof ends the race within its radius, and costs accuracy, time, or both.",
        lesson_5.STEPS,
    ),
)
MINUTES = 9
"""How long a lesson takes."""
