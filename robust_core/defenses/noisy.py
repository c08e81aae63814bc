"""Noise defences with a guarantee: randomised smoothing and PixelDP."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import zoo
from robust_core.attacks.balls import own_generators
from robust_core.certify import Certificate, PixelDPCertificate, pixeldp, smoothing
from robust_core.certify.voting import NoiseStream, one_picture, tally, too_few
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defense, register
from robust_core.defenses.gradients import DEPLOYED, EXPECTED, SELECTION, in_chunks, log_mean
from robust_core.defenses.trained import TrainedDefense
from robust_core.modes import evaluating
from robust_core.papers import ATHALYE, COHEN, LECUYER, SALMAN
from robust_core.parameters import parameter
from robust_core.progress import Progress, part

VALUES = 2**20
"""Noise values drawn at once."""
CPU_VALUES = 2**17
"""Fewer there: a batch is a step, in which nobody else has a turn."""
GUESSES = 100
"""Most draws that choose the class of a smoothing certificate (Cohen et al., 2019, section 4)."""


@dataclass(frozen=True, kw_only=True)
class Noisy(Defense):
    """Base of both: a vote over many noisy predictions. Subclasses define one draw of the noise.

    The logits of the deployed defence are the logarithms of the shares of ``n`` votes, one for the
    winning class of each draw. A class without votes counts as ``0.5 / K`` of one, so that every
    logarithm is finite. Counting has no gradient: an adaptive attack ascends the expected probabilities
    over ``draws`` draws of its own.
    """

    kind = "noise with a guarantee"
    aware = "On the expected probabilities, averaged over draws of the noise (EOT)."

    n: int = parameter(500, "Votes: noisy predictions that are counted.", low=1, high=100_000)
    draws: int = parameter(16, "Draws that an adaptive attack averages over.", low=1, high=100)
    seed: int = parameter(0, "Seed of the noise.", low=0, high=2**31 - 1)

    @property
    def guesses(self) -> int:
        """Further draws of a certificate, which are not part of the answer."""
        return 0

    def certificate(
        self, model: Classifier, image: Tensor, progress: Progress | None = None
    ) -> Certificate | PixelDPCertificate:
        """The guarantee for one picture ``[1, C, H, W]``; ``model`` is the ``protected`` one.

        The ``n`` votes are those of the answer. ``progress(draws done, draws)`` is called after each batch.
        """
        raise NotImplementedError

    def noisy(self, model: Classifier, images: Tensor, noise: Tensor) -> Tensor:
        """Logits ``[N, K]`` of pictures ``[N, C, H, W]`` under one draw each, ``noise`` ``[N, ...]``."""
        raise NotImplementedError

    def shape(self, model: Classifier, images: Tensor) -> tuple[int, ...]:
        """The shape of one picture's noise, of deviation 1."""
        return tuple(images.shape[1:])

    @torch.no_grad()
    def counts(self, model: Classifier, images: Tensor, progress: Progress | None = None) -> Tensor:
        """Votes by class, int64 ``[N, K]``; each row sums to ``n``. ``progress`` as for ``votes``."""
        sources = own_generators(images, self.seed, DEPLOYED)
        return torch.stack(
            [
                self.votes(model, x, self.n, g, progress)
                for x, g in zip(images.split(1), sources, strict=True)
            ]
        )

    def log_shares(self, counts: Tensor) -> Tensor:
        """Votes ``[N, K]`` to logits ``[N, K]``; a class without votes counts as ``0.5 / K`` of one."""
        return counts.to(torch.float32).clamp_min(0.5 / counts.shape[1]).div(self.n).log()

    def logits(self, model: Classifier, images: Tensor) -> Tensor:
        return self.log_shares(self.counts(model, images)).to(images)

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        shape = self.shape(model, images)
        sources = own_generators(images, self.seed, EXPECTED)
        noise = [
            torch.randn(self.draws, *shape, generator=g, dtype=torch.float32, device="cpu")
            for g in sources
        ]
        repeated = images.repeat_interleave(self.draws, dim=0)
        logits = in_chunks(
            lambda x, z: self.noisy(model, x, z), repeated, torch.cat(noise).to(images)
        )
        return log_mean(logits, self.draws)

    @torch.no_grad()
    def votes(
        self,
        model: Classifier,
        image: Tensor,
        n: int,
        generator: torch.Generator,
        progress: Progress | None = None,
    ) -> Tensor:
        """Votes by class, int64 ``[K]``, of one picture ``[1, C, H, W]`` on ``n`` draws of ``generator``.

        ``progress(draws done, n)`` is called after each batch.
        """
        shape = self.shape(model, image)
        noise = NoiseStream(shape, torch.float32, generator)

        def ask(size: int) -> Tensor:
            draws = noise.take(size).to(image)
            return self.noisy(model, image.expand(size, -1, -1, -1), draws)

        values = CPU_VALUES if image.device.type == "cpu" else VALUES
        return tally(ask, n, max(1, values // torch.Size(shape).numel()), progress)


@register
@dataclass(frozen=True, kw_only=True)
class Smoothing(Noisy):
    """Randomised smoothing (Cohen et al., 2019): the class that wins most often under Gaussian noise.

    The noise is added to pixels and nothing is clipped. Where the zoo has the model trained under noise,
    that one is smoothed (section 3.3); any other tolerates noise badly, so that its certificates abstain.
    """

    name = "smoothing"
    title = "Randomised smoothing"
    summary = "The class that wins most often under added noise, with a certified radius."
    equation = (
        r"g(x) = \arg\max_c P\big(f(x + \eta) = c\big),\ \eta \sim N(0, \sigma^2 I);\quad "
        r"R = \sigma\,\Phi^{-1}(\underline{p_A})"
    )
    paper = COHEN
    breaker = SALMAN
    broken_by = (
        "Nothing within its certified L2 radius, which is small; beyond it, an attack on the expected "
        "probabilities succeeds."
    )

    sigma: float = parameter(
        0.25,
        "Standard deviation of the noise; the bundled network was trained at 0.25.",
        above=0.0,
        high=2.0,
    )
    alpha: float = parameter(0.001, "Probability that a certificate is wrong.", above=0.0, high=0.5)
    trained: bool = parameter(
        True, "Smooth the network that was trained under noise, where there is one."
    )
    bfloat16: bool = parameter(
        False,
        "Compute the votes in bfloat16: about as accurate, and faster on processors that support it.",
    )

    def protected(self, model: Classifier) -> Classifier:
        name = f"{model.name}-gaussian"
        return zoo.load(name, model.device) if self.trained and name in zoo.names() else model

    def notices(self, classes: int) -> tuple[str, ...]:
        return tuple(filter(None, [too_few(self.n, self.alpha)]))

    def seen(self, images: Tensor) -> Tensor:
        """Pictures under the first draw; nothing is clipped, so values may leave [0, 1]."""
        sources = own_generators(images, self.seed, DEPLOYED)
        noise = [NoiseStream(tuple(images.shape[1:]), torch.float32, g).take(1) for g in sources]
        return images + self.sigma * torch.cat(noise).to(images)

    def noisy(self, model: Classifier, images: Tensor, noise: Tensor) -> Tensor:
        return model(images + self.sigma * noise)

    def votes(self, model: Classifier, image: Tensor, *args, **kwargs) -> Tensor:
        """With ``bfloat16`` the base classifier that is certified is the network in bfloat16."""
        with torch.autocast(image.device.type, torch.bfloat16, enabled=self.bfloat16):
            return super().votes(model, image, *args, **kwargs)

    @property
    def guesses(self) -> int:
        """The draws that choose the class: no more than the votes, which are to bound its share."""
        return min(GUESSES, self.n)

    def certificate(
        self, model: Classifier, image: Tensor, progress: Progress | None = None
    ) -> Certificate:
        """CERTIFY: ``guesses`` draws choose the class, the ``n`` votes of the answer bound its share.

        ``image`` is one picture, ``[1, C, H, W]`` or ``[C, H, W]`` in [0, 1]; raises ``ValueError`` for
        anything else.
        """
        image = one_picture(image).to(model.device)
        model.check_pictures(image)
        first, second = (next(own_generators(image, self.seed, u)) for u in (SELECTION, DEPLOYED))
        with evaluating(model):
            draws = self.guesses + self.n
            guess = self.votes(model, image, self.guesses, first, part(progress, 0, draws))
            counts = self.votes(model, image, self.n, second, part(progress, self.guesses, draws))
        return smoothing.certificate(guess, counts, sigma=self.sigma, alpha=self.alpha)


@register
@dataclass(frozen=True, kw_only=True)
class PixelDP(Noisy, TrainedDefense):
    """PixelDP (Lecuyer et al., 2019): noise after the first layer, calibrated as for differential privacy.

    The deviation is that of the network's own noise layer, ``network.sigma``.
    """

    name = "pixeldp"
    title = "PixelDP"
    summary = "A noise layer provably limits how fast the expected answer can change."
    equation = (
        r"\hat{E}^{lb}(A_k) > e^{2\epsilon}\max_{i \ne k}\hat{E}^{ub}(A_i) + (1 + e^{\epsilon})\,\delta,"
        r"\quad \sigma = \sqrt{2\ln(1.25/\delta)}\;\Delta\,L/\epsilon"
    )
    paper = LECUYER
    kind = "noise with a guarantee"
    breaker = ATHALYE
    broken_by = (
        "Nothing within its certified L2 radius, which is even smaller than that of smoothing; beyond it, "
        "an attack averaged over the noise."
    )
    aware = Noisy.aware

    alpha: float = parameter(0.05, "Probability that a certificate is wrong.", above=0.0, high=0.5)

    def notices(self, classes: int) -> tuple[str, ...]:
        return tuple(filter(None, [pixeldp.too_few(self.n, self.alpha, classes)]))

    def shape(self, model: Classifier, images: Tensor) -> tuple[int, ...]:
        return model.network.noise_shape(images)

    def noisy(self, model: Classifier, images: Tensor, noise: Tensor) -> Tensor:
        return model.network.with_noise(model.normalise(images), noise)

    def certificate(
        self, model: Classifier, image: Tensor, progress: Progress | None = None
    ) -> PixelDPCertificate:
        """From the ``n`` votes of the answer alone: all classes are bounded at once.

        ``image`` as for ``Smoothing.certificate``.
        """
        image = one_picture(image).to(model.device)
        model.check_pictures(image)
        source = next(own_generators(image, self.seed, DEPLOYED))
        with evaluating(model):
            counts = self.votes(model, image, self.n, source, progress)
        network = model.network
        return pixeldp.certificate(
            counts,
            sigma=network.sigma,
            alpha=self.alpha,
            sensitivity=network.sensitivity / float(model.std.min()),
        )
