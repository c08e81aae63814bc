"""Misspellings: one letter of a word dropped, doubled, swapped or replaced, greedily, within a budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SHORTEST = 4
"""Letters of the shortest word that is misspelt."""
WORDS_TRIED = 6
"""The words whose absence costs most, in which every misspelling is tried."""
Scores = Callable[[Sequence[str]], Tensor]
"""Texts to the log odds of the class to be left, ``[N]``."""


def neighbours(letter: str) -> str:
    """The letters to the left and right of one on a keyboard; empty for anything but a letter."""
    row = next((row for row in KEYS if letter.lower() in row), "")
    at = row.find(letter.lower())
    return row[max(0, at - 1) : at] + row[at + 1 : at + 2] if row else ""


def misspelt(word: str) -> list[str]:
    """All words one typing error away: a letter dropped, doubled, swapped, or the key beside it.

    The first letter stays, and so does anything that is not a letter. The word itself is never among them.
    """
    found = []
    for i in range(1, len(word)):
        if not word[i].isalpha():
            continue
        head, letter, tail = word[:i], word[i], word[i + 1 :]
        found += [head + tail, head + 2 * letter + tail]
        if tail[:1].isalpha():
            found.append(head + tail[0] + letter + tail[1:])
        found += [head + other + tail for other in neighbours(letter)]
    return [each for each in dict.fromkeys(found) if each != word]


@dataclass(frozen=True)
class Misspelling:
    """The text after an edit, the word before and after it, and the log odds of the class to be left."""

    text: str
    before: str
    after: str
    score: float


def attack(scores: Scores, text: str, budget: int) -> list[Misspelling]:
    """Misspell up to ``budget`` words of ``text``, one after the other, until the class is left.

    Each time: find the words without which the class is least sure, try all misspellings of those, take
    the one that lowers the score most. No word is edited twice, so that the edit distance is at most the
    number of edits. Ends early where no misspelling lowers the score. Raises ``ValueError`` for a budget
    below 0.
    """
    if budget < 0:
        raise ValueError(f"budget must be 0 or more edits; got {budget}")
    words, free = text.split(" "), set(range(len(text.split(" "))))
    score = float(scores([text])[0])
    found: list[Misspelling] = []
    while len(found) < budget and score > 0:
        tries = [
            (i, other) for i in _important(scores, words, free) for other in misspelt(words[i])
        ]
        if not tries:
            break
        texts = [" ".join([*words[:i], other, *words[i + 1 :]]) for i, other in tries]
        values = scores(texts)
        best = int(values.argmin())
        if float(values[best]) >= score:
            break
        (i, after), score = tries[best], float(values[best])
        found.append(Misspelling(texts[best], words[i], after, score))
        words[i] = after
        free.discard(i)
    return found


def _important(scores: Scores, words: list[str], free: set[int]) -> list[int]:
    """The free words, long enough, without which the score is lowest."""
    there = [i for i in sorted(free) if sum(map(str.isalpha, words[i])) >= SHORTEST]
    if not there:
        return []
    values = scores([" ".join(words[:i] + words[i + 1 :]) for i in there])
    return [there[int(k)] for k in values.argsort()[:WORDS_TRIED]]


def distance(one: str, other: str) -> int:
    """Edits from one text to the other: letters inserted, dropped, replaced, or neighbours swapped.

    Optimal string alignment, in which no part is edited twice.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, last[j - 2] + 1)
            row.append(best)
    return row[-1]


def similarity(one: str, other: str) -> float:
    """1 minus the distance over the longer length, in [0, 1]; 1 for two empty texts."""
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest if longest else 1.0
