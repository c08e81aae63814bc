"""What Home says: the definition, why it matters, and the three areas."""

from dataclasses import dataclass

DEFINITION = (
    "An **adversarial example** is a sample of input data which has been modified *very slightly* in a way "
    "that is intended to cause a machine learning classifier to misclassify it."
)
DEFINED_BY = "G. Châtel, Adversarial examples in deep learning, 2017 (deck 004)"
USED = (
    "Networks find objects, read texts, recognise speech and what people do, steer cars and watch over "
    "factories."
)
USED_SOURCE = "deck 000, A. Ristori, 2020/21, and deck 003, Y. S. Cho, 2020"
SAFETY = (
    "The vulnerability to adversarial inputs can be problematic and even prevent the application of deep "
    "learning methods in safety and security-critical applications, the problem is particularly severe "
    "when human safety is involved."
)
ROBUST = "The model's prediction should be stable to small variations in the input."
ROBUST_SOURCE = "What is robustness? Deck 001, V. Guardieiro"


@dataclass(frozen=True)
class Door:
    """One area of the field: what it asks, in the words of deck 001, and its pages."""

    title: str
    icon: str
    about: str
    pages: tuple[tuple[str, str], ...]


DOORS = (
    Door(
        "Attacks",
        "bolt",
        "How to generate adversarial perturbations effectively and efficiently.",
        (
            ("pages/attack.py", "Attack a picture"),
            ("pages/compare_attacks.py", "All attacks side by side"),
            ("pages/black_box.py", "Seeing nothing but the answer"),
            ("pages/universal.py", "One change for all pictures"),
            ("pages/physical.py", "Print, camera, sticker"),
        ),
    ),
    Door(
        "Defences",
        "shield",
        "Methods to improve robustness and to avoid adversarial attacks.",
        (
            ("pages/compare_defenses.py", "All defences, and what breaks them"),
            ("pages/detectors.py", "Detectors"),
            ("pages/live_training.py", "Train one yourself"),
        ),
    ),
    Door(
        "Verification",
        "verified",
        "Techniques for checking whether a network is robust.",
        (
            ("pages/verify.py", "Prove it for a picture"),
            ("pages/evaluate.py", "Measure it on your own pictures"),
            ("pages/robustness_report.py", "What all models keep under attack"),
        ),
    ),
)
"""The three main areas of adversarial robustness (deck 001)."""
