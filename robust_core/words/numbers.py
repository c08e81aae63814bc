"""How numbers are written, on pages and on the command line: percents, 255ths, durations.

A network's probability is a ``percent``: it never looks certain. A counted ``share`` of pictures may
well be 0 % or 100 %.
"""

import math

NOTHING = "-"
"""Shown where there is no number."""


def percent(probability: float, more: int = 0) -> str:
    """A probability for display: never 100 % or 0 %, which no softmax is.

    One near either end reads "over 99.9 %" or "under 0.1 %". ``more`` is the number of extra digits.
    """
    value = 100 * probability
    if value > 99.9:
        return "over 99.9 %"
    if value < 0.1:
        return "under 0.1 %"
    return f"{value:.{more + (not 1 <= value <= 99)}f} %"


def percents(*probabilities: float) -> tuple[str, ...]:
    """Probabilities shown side by side: with up to two more digits where two look equal."""
    for more in range(3):
        words = tuple(percent(p, more) for p in probabilities)
        if len(set(words)) == len(set(probabilities)):
            return words
    return tuple(map(percent, probabilities))


def share(value: float | None, digits: int = 1) -> str:
    """A proportion as a percentage, by default to a tenth: ``12.3 %``."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def short_share(value: float, digits: int = 1) -> str:
    """A proportion as Plotly's own hover texts write it, without the space: ``12.3%``."""
    return f"{value:.{digits}%}"


def exact_share(value: float | None) -> str:
    """A proportion as tables print it: two decimals, which is one picture of 10,000."""
    return share(value, 2)


def limit(value: float) -> str:
    """A proportion that was chosen, such as a false positive rate: without trailing zeros."""
    return f"{100 * value:.3g} %"


def in_255ths(value: float) -> str:
    """A change of a value on the 0-255 scale: ``2.6/255``."""
    steps = 255 * value
    # Half a tenth rounds up, also where float32 holds a hair less: 0.15 is 38.3/255 everywhere.
    tenths = math.floor(10 * steps + 0.5 + 1e-4) / 10
    digits = f"{tenths:g}" if steps >= 1 or steps == 0 else f"{steps:.2g}"
    return f"{digits}/255"


def on_both_scales(eps: float) -> str:
    """An eps on the scale [0, 1] and in 255ths: ``0.0314 (8/255)``."""
    return f"{eps:.3g} ({in_255ths(eps)})"


def number(value: float | None) -> str:
    """Three significant digits, all of them before the point from 100 on."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def decimal(value: float) -> str:
    """Three significant digits, with a power of ten where that is shorter: ``1.06 × 10⁻⁵``, ``−11.5``."""
    digits, _, power = number(abs(value)).partition("e")
    tail = f" × 10{str(int(power)).translate(_RAISED)}" if power else ""
    sign = "−" if value < 0 else ""
    return f"{sign}{digits}{tail}"


def duration(seconds: float) -> str:
    """Milliseconds below a second, else seconds."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def fine_duration(seconds: float) -> str:
    """A duration that keeps two digits below ten milliseconds."""
    return duration(seconds) if seconds >= 0.01 else f"{1000 * seconds:.2g} ms"
