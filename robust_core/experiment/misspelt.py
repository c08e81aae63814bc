"""A report that is misspelt until a classifier of texts says the other class, and how alike it stays."""

from dataclasses import dataclass

from robust_core.natural.reports import edits, ngrams
from robust_core.natural.reports.edits import Misspelling
from robust_core.natural.reports.ngrams import Reader


@dataclass(frozen=True)
class Misspelt:
    """``text``, its misspellings, and the probability of the positive class before and after each."""

    text: str
    probability: float
    steps: tuple[Misspelling, ...]
    after: tuple[float, ...]
    similarity: float
    cosine: float

    @property
    def result(self) -> str:
        """The text at the end; without any misspelling, the text."""
        return self.steps[-1].text if self.steps else self.text

    @property
    def label(self) -> int:
        """The class at first: 1 is positive."""
        return int(self.probability > 0.5)

    @property
    def flipped(self) -> bool:
        """Whether the class at the end is another."""
        return bool(self.after) and int(self.after[-1] > 0.5) != self.label


def misspell(reader: Reader, text: str, budget: int) -> Misspelt:
    """Leave the class that ``reader`` says of ``text`` by up to ``budget`` misspellings.

    Raises ``ValueError`` for a budget below 0.
    """
    probability = reader.probability(text)
    sign = 1 if probability > 0.5 else -1
    steps = edits.attack(lambda texts: sign * reader.scores(texts), text, budget)
    result = steps[-1].text if steps else text
    return Misspelt(
        text,
        probability,
        tuple(steps),
        tuple(reader.probability(step.text) for step in steps),
        edits.similarity(text, result),
        ngrams.cosine(text, result),
    )
