"""What a classifier, behind a defence or not, makes of one picture, and what that costs."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from robust_core.certify import Certificate, PixelDPCertificate
from robust_core.certify.smoothing import predict
from robust_core.classifier import Classifier, Guess, Provenance
from robust_core.defenses import Defended
from robust_core.defenses.noisy import Noisy
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

LONG_ENOUGH = 0.2
"""Total seconds after which predictions are not timed again."""
TIMES = 9
"""Most timings of a short prediction; the shortest is reported."""


@dataclass(frozen=True)
class Look:
    """What a classifier, defended or not, makes of one picture. Tensors are on the CPU; never changed."""

    picture: Tensor
    """The picture as it arrives, float32 ``[1, C, H, W]`` in [0, 1]."""
    seen: Tensor
    """The picture as the network behind the defence gets it; where noise is added, one draw."""
    logits: Tensor
    """float64 ``[1, K]``."""
    guesses: tuple[Guess, ...]
    """The most probable classes, the answer first."""
    seconds: float
    """Seconds for one prediction, with all its votes, on this machine."""
    undefended_seconds: float | None = None
    """The same for the undefended model, timed in turns with it; None where there is no other model."""
    certificate: Certificate | PixelDPCertificate | None = None
    """The certificate of this picture, where the defence gives one."""
    network: str = ""
    """Name of the network that answers."""
    provenance: Provenance | None = None
    """Provenance of that network."""

    @property
    def abstains(self) -> bool:
        """Whether the votes are too close to tell the smoothed answer (PREDICT of Cohen et al., 2019)."""
        found = self.certificate
        return isinstance(found, Certificate) and predict(found.counts, found.alpha) is None

    @property
    def confidences(self) -> list[float]:
        """Confidence in each class, in [0, 1]."""
        return self.logits.softmax(1)[0].tolist()

    def summary(self) -> dict:
        """Plain numbers and names: the answer, the votes where there are some, and the cost."""
        first = self.guesses[0]
        return {
            "label": first.label,
            "index": first.index,
            "confidence": first.confidence,
            "top5": [[g.label, g.confidence] for g in self.guesses],
            "abstains": self.abstains,
            "network": self.network,
            "seconds": self.seconds,
            "undefended_seconds": self.undefended_seconds,
            "certificate": self.certificate and asdict(self.certificate),
        }


def look(
    model: Classifier, picture: Tensor, *, timed: bool = True, progress: Progress | None = None
) -> Look:
    """Show ``model``, behind a defence or not, one picture ``[1, C, H, W]`` in [0, 1].

    Args:
        timed: whether the prediction is repeated until its time can be told, a defended one in turns
            with the undefended model's.
        progress: called as ``progress(votes done, n)`` where votes are counted; what it raises ends it.
    """
    images = picture.to(model.device)
    bare = model.undefended if isinstance(model, Defended) else model
    asks = [_asking(one, images) for one in dict.fromkeys((model, bare))]
    certificate = None
    theirs: list[float] = []
    with evaluating(model), evaluating(bare), torch.no_grad():
        if isinstance(model, Defended) and isinstance(model.defense, Noisy):
            certificate, seconds = _vote(model, model.defense, images, progress)
            logits = model.defense.log_shares(
                torch.tensor([certificate.counts], dtype=torch.int64, device="cpu")
            )
            if timed:
                _, theirs = _timed(*asks[1:])
        else:
            if timed:
                answers, (seconds, *theirs) = _timed(*asks)
                answer = answers[0]
            else:
                begun = time.perf_counter()
                answer = asks[0]()
                seconds = time.perf_counter() - begun
            logits = as_logits(answer)
        seen = model.seen(images).cpu() if isinstance(model, Defended) else picture.cpu()
    logits = logits.double()
    base = model.base if isinstance(model, Defended) else model
    return Look(
        picture.cpu(),
        seen,
        logits,
        guesses=tuple(model.name_classes(logits.softmax(1))[0]),
        seconds=seconds,
        undefended_seconds=theirs[0] if theirs else None,
        certificate=certificate,
        network=base.name,
        provenance=base.provenance,
    )


def _asking(model: Classifier, images: Tensor) -> Callable[[], Tensor]:
    """One prediction, which has ended when it returns, also on a GPU."""
    return lambda: model(images).cpu()


def _vote(
    model: Defended, defense: Noisy, images: Tensor, progress: Progress | None
) -> tuple[Certificate | PixelDPCertificate, float]:
    """The certificate, and the seconds that its votes took."""
    begun = time.perf_counter()
    certificate = defense.certificate(model.base, images, progress)
    seconds = (time.perf_counter() - begun) * defense.n / (defense.n + defense.guesses)
    return certificate, seconds


def _timed(*asks: Callable[[], Tensor]) -> tuple[list[Tensor], list[float]]:
    """The answer of each of ``asks``, and its seconds: the shortest of timings taken in turns.

    Whatever runs first in a process, or first in a while, is slower. So the answers are not timed. What
    else the machine does can only lengthen a timing, and falls on all of them.
    """
    answers = [ask() for ask in asks]
    times: list[list[float]] = [[] for _ in asks]
    while True:
        for ask, own in zip(asks, times, strict=True):
            begun = time.perf_counter()
            ask()
            own.append(time.perf_counter() - begun)
        if len(times[0]) == TIMES or sum(map(sum, times)) > LONG_ENOUGH:
            return answers, [min(own) for own in times]
