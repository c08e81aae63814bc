"""Rows of the table of the defences, ``assets/results/defenses.json``: what they say, under which key.

The file is one object::

    suite, command, model, data, limit, versions
    parts: {name: {device, stamps: {subject: text}, rows: [...]}}

``limit`` is null where every part has as many pictures as it should. ``stamps`` are digests of the
conditions under which the rows of a subject were made, so that a later call makes only what changed. A
*subject* is a defence with its hyper-parameters, such as ``jpeg quality=50``; the undefended model is
the subject ``none``. A row of a part is an object whose keys are exactly the fields of the class that
``KINDS`` has for that part; each row records all that it depends on.
"""

from dataclasses import dataclass

from robust_core.evaluation.draws import Drawn, Share
from robust_core.evaluation.flags import Flag
from robust_core.evaluation.masking import Finding

UNDEFENDED = "none"
"""The undefended model as a subject, and in place of a defence's name."""
CLEAN, NAIVE, UNAWARE, ADAPTIVE = THREATS = ("clean", "naive", "unaware", "adaptive")
"""Who attacks: nobody; one who differentiates the deployed model as it is; an unaware attacker, who
makes the pictures on ``Defended.victim``; an aware attacker."""
BUDGET = {"targets": "targets", "max_queries": "queries at most"}
"""Hyper-parameters of the ensemble that decide how strong it is, and the words for them."""


@dataclass(frozen=True, kw_only=True)
class DefenseTableRow:
    """What every row says.

    Args:
        part: the part that it is in; ``command`` makes that part.
        subject: unique text of the subject.
        defense: registered name of the defence, or ``UNDEFENDED``.
        title: the subject for people.
        parameters: all hyper-parameters of the defence.
        model: name of the network that works behind the defence.
        weights: SHA-256 by name, of every network that the row depends on.
        n: number of test pictures, the first ones of the set.
    """

    part: str
    command: str
    subject: str
    defense: str
    title: str
    parameters: dict
    model: str
    weights: dict[str, str]
    n: int

    @property
    def circumstances(self) -> str:
        """What it was measured on, and with what."""
        return f"{self.n:,} pictures"

    @property
    def drawn(self) -> list[str]:
        """What draws of a random defence it was judged on: by default those of its own seed alone."""
        own = self.parameters.get("seed")
        return [] if own is None else [f"seed {own} of the defence's draws"]

    @property
    def conditions(self) -> str:
        """One line to go below a chart: the circumstances and the command."""
        return f"{self.circumstances}. Made by: `{self.command}`"


@dataclass(frozen=True, kw_only=True)
class AccuracyRow(DefenseTableRow):
    """On how many pictures a defended model stays right.

    Args:
        threat: one of ``THREATS``.
        made_on: name of the model on which the pictures were made; None for ``CLEAN``.
        asked: name of the attack that was asked for; None for ``CLEAN``.
        attack: name of the one that was run, which the attacker may have chosen for this defence
            (``Defense.of_aware``, ``of_unaware``). ``attack_parameters`` are its hyper-parameters except
            eps; ``steps`` and ``seed`` are fields as well, where it has them.
        norm: of the attack; None for ``CLEAN``.
        eps: radius in that norm; 0 for ``CLEAN``, None for an attack without one.
        correct: of the ``n`` pictures, those on which the defended model is still right; of a random
            defence the mean over ``draws``.
        draws: under each fresh draw of a random defence, none of them the attacker's, the pictures on
            which it is right; empty for any other, and in tables made before there were such draws.
        mean_l2: mean L2 distance over the pictures that were right and no longer are; None for none.
        seconds: for all ``n``, to classify them, and to make them where they were made for this row.
    """

    threat: str
    made_on: str | None
    asked: str | None
    attack: str | None
    attack_parameters: dict
    steps: int | None
    seed: int | None
    norm: str | None
    eps: float | None
    correct: float
    mean_l2: float | None
    seconds: float
    draws: tuple[int, ...] = ()

    @property
    def drawn(self) -> list[str]:
        """The mean over fresh draws and its interval over draws, where there are any."""
        if not self.draws:
            return super().drawn
        low, high = Drawn(tuple(count / self.n for count in self.draws)).interval
        return [f"mean of {len(self.draws)} fresh draws ({low:.1%} to {high:.1%} over draws)"]

    @property
    def accuracy(self) -> Share:
        return Share(self.correct, self.n)

    @property
    def effort(self) -> list[str]:
        """Steps of the attack, and what else decides how strong it is."""
        given = self.attack_parameters
        steps = [f"{self.steps} steps"] if self.steps is not None else []
        return steps + [f"{given[name]:,} {what}" for name, what in BUDGET.items() if name in given]

    @property
    def circumstances(self) -> str:
        """Pictures, attack, attacker, radius, effort, seeds of the attack and of a random defence."""
        words = [super().circumstances]
        if self.attack is not None:
            radius = self.norm if self.eps is None else f"{self.norm} {self.eps:.4g}"
            words += [word for word in (self.attack, self.threat, radius) if word is not None]
            words += self.effort
            words += [f"seed {self.seed}"] if self.seed is not None else []
        words += self.drawn if self.attack is not None or self.draws else []
        return ", ".join(words)

    def elsewhere(self, model: str) -> str:
        """What an unaware attacker runs where the pictures are not made on ``model``; else empty."""
        if self.threat != UNAWARE or self.made_on == model:
            return ""
        loss = self.attack_parameters.get("loss", "")
        return f"{self.attack} ({loss})" if loss else f"{self.attack}"


@dataclass(frozen=True, kw_only=True)
class CertifiedRow(DefenseTableRow):
    """What a certificate promises, in L2.

    Args:
        norm: "l2".
        sigma: standard deviation of the noise.
        draws: of the noise, for the bound; ``selection`` are those for the label, None where both come
            from the same draws. ``alpha`` is the probability that a certificate is wrong.
        abstained: pictures without a certificate.
        wrong: pictures with a certificate for a wrong class.
        radii: of the pictures with one for the right class, ascending, in [0, 1] pixel units.
        seconds: for all ``n``.
    """

    norm: str
    sigma: float
    draws: int
    selection: int | None
    alpha: float
    seed: int
    abstained: int
    wrong: int
    radii: tuple[float, ...]
    seconds: float

    def at(self, radius: float) -> Share:
        """Pictures that are right and certified to ``radius`` or further; at 0: certified at all."""
        return Share(sum(one >= radius for one in self.radii), self.n)

    @property
    def circumstances(self) -> str:
        """Pictures, draws of the noise, alpha, seed."""
        rounded = ", votes in bfloat16" if self.parameters.get("bfloat16") else ""
        return (
            f"{super().circumstances}, {self.draws:,} draws of sigma {self.sigma:g}, alpha "
            f"{self.alpha:g}, seed {self.seed}{rounded}"
        )


@dataclass(frozen=True, kw_only=True)
class MaskingRow(DefenseTableRow):
    """The masking checklist (``evaluation.masking``).

    Args:
        right: of the ``n`` pictures, those that the model gets right; the checklist ran on these.
        eps: Linf radius of its comparisons.
        surrogate: name of the model for its transfer attack; None for none.
        budget: steps, queries, draws and radii.
        findings: the six findings.
        seconds: for all of it.
        draws: fresh draws of a random defence by which each picture was judged; 0: none.
    """

    right: int
    eps: float
    seed: int
    surrogate: str | None
    budget: dict
    findings: tuple[Finding, ...]
    seconds: float
    draws: int = 0

    @property
    def drawn(self) -> list[str]:
        """By how many fresh draws a picture was judged, where there are any."""
        return [f"by most of {self.draws} fresh draws"] if self.draws else super().drawn

    @property
    def circumstances(self) -> str:
        """Pictures, radius, budget, seed."""
        spent = [f"{self.budget[key]} {key}" for key in ("steps", "queries", "draws")]
        return ", ".join(
            [
                f"{self.right:,} of {super().circumstances}",
                f"those that it gets right; linf {self.eps:.4g}",
                *spent,
                f"seed {self.seed}",
                *self.drawn,
            ]
        )


@dataclass(frozen=True, kw_only=True)
class FlagsRow(DefenseTableRow):
    """The run-time flags of the deployed defence (``evaluation.flags``), found on ``n`` pictures."""

    flags: tuple[Flag, ...]
    seconds: float

    @property
    def raised(self) -> tuple[Flag, ...]:
        return tuple(flag for flag in self.flags if flag.raised)


@dataclass(frozen=True, kw_only=True)
class CostRow(DefenseTableRow):
    """How long one prediction takes: of a picture in a batch, and of one alone.

    Args:
        batch: pictures at a time.
        milliseconds: per picture in such a batch, the median of several batches.
        milliseconds_alone: for a picture by itself, the median of several.
        device: where; ``threads`` are those of the CPU.
    """

    batch: int
    milliseconds: float
    milliseconds_alone: float
    device: str
    threads: int


ROWS = ("accuracy", "curves", "jpeg", "distillation", "auto")
ACCURACY, CURVES, JPEG, DISTILLATION, AUTO = ROWS
CERTIFIED, MASKING, FLAGS, COST = "certified", "masking", "flags", "cost"
JUDGED = (*ROWS, MASKING)
"""The parts in which a random defence is judged on fresh draws."""
KINDS: dict[str, type[DefenseTableRow]] = {
    **dict.fromkeys(ROWS, AccuracyRow),
    CERTIFIED: CertifiedRow,
    MASKING: MaskingRow,
    FLAGS: FlagsRow,
    COST: CostRow,
}
"""The class of a part's rows, by part, in their order."""
