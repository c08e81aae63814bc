"""One picture, one model, one attack: everything that the page and the command line show of it."""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robust_core.attacks import Attack
from robust_core.classifier import Classifier, Guess
from robust_core.contract import notices
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.defenses.base import Defended
from robust_core.distances import all_norms, ssim
from robust_core.evaluation.draws import Chance
from robust_core.experiment.afresh import judged_afresh
from robust_core.experiment.detection import Detection
from robust_core.experiment.frames import Frame, Recorder, guess, logits_of
from robust_core.experiment.reached import Cost, Reached, passes_of
from robust_core.goals import Goal, SourceTarget, Towards, Untargeted, judged
from robust_core.modes import evaluating
from robust_core.probabilities import LOGITS, as_logits
from robust_core.progress import Progress

if TYPE_CHECKING:
    from robust_core.detectors import Detector

UNTARGETED = Untargeted()


class Saved(Reached):
    """The adversarial picture as an 8-bit file."""


@dataclass(frozen=True)
class Experiment(Reached, Cost):
    """The outcome. Pictures are float32 ``[1, C, H, W]`` in [0, 1] on the CPU; never changed.

    An attack with an eps is judged by the picture that is shown and saved, its result rounded to 8 bits
    towards the clean picture: ``after``, ``confidence_after``, ``success`` and ``detection`` are about
    that one. An attack without an eps is judged by its exact result, of which rounding often loses what
    the smallest change has just gained; its file holds the nearest 8-bit picture, as there is no radius
    to stay in. ``adversarial``, ``success_exact`` and the distances are always those of the exact
    result, ``saved`` those of the file.
    """

    model: str
    attack: str
    parameters: dict
    goal: Goal
    label: Guess
    label_source: str
    target: Guess | None
    clean: Tensor
    adversarial: Tensor
    before: tuple[Guess, ...]
    after: tuple[Guess, ...]
    confidence_before: tuple[float, ...]
    confidence_after: tuple[float, ...]
    success_exact: bool
    saved: Saved
    ssim: float
    frames: tuple[Frame, ...]
    notices: tuple[str, ...] = ()
    answers: str = LOGITS
    """What the attacked model answers with: "logits", "probabilities" or "labels"."""
    detection: Detection | None = None
    """What the detector says, where there is one."""
    chance: Chance | None = None
    """In how many fresh draws of a random defence the goal is reached: ``success`` is what most of them
    give, and what is said of the adversarial picture holds for one of those. None: it is not random."""
    mask: Tensor | None = None
    """Where the attack might change the picture, bool ``[1, 1, H, W]``; None: everywhere."""

    @property
    def eps(self) -> float | None:
        """The radius allowed; None for attacks without one."""
        return self.parameters.get("eps")

    @property
    def judged(self) -> "Saved | Experiment":
        """Where the distances of the picture that the verdict is about stand."""
        return self if self.eps is None else self.saved

    @property
    def shown(self) -> Tensor:
        """The picture that the verdict is about, float32 ``[1, C, H, W]``: with an eps, the saved one."""
        return self.adversarial if self.eps is None else as_saved(self.adversarial, self.clean)

    def pixels(self) -> tuple[Tensor, Tensor]:
        """Clean and adversarial picture as shown and saved: uint8 ``[H, W, C]`` each."""
        towards = None if self.eps is None else self.clean
        adversarial = to_pixels(self.adversarial, towards)[0]
        return torch.from_numpy(to_pixels(self.clean)[0]), torch.from_numpy(adversarial)

    def summary(self) -> dict:
        """The object of ``attack --json``: plain numbers and names."""

        def side(guesses: tuple[Guess, ...]) -> dict:
            first = guesses[0]
            return {
                "label": first.label,
                "index": first.index,
                "confidence": first.confidence,
                "top5": [[g.label, g.confidence] for g in guesses],
            }

        return {
            "model": self.model,
            "attack": self.attack,
            "eps": self.eps,
            "parameters": self.parameters,
            "goal": self.goal.name,
            "goal_parameters": self.goal.parameters,
            "label": asdict(self.label),
            "label_source": self.label_source,
            "target": self.target and asdict(self.target),
            "before": side(self.before),
            "after": side(self.after),
            "success": self.success,
            "success_8bit": self.saved.success,
            "success_exact": self.success_exact,
            "fresh_draws": self.chance and self.chance.summary(),
            "saved": asdict(self.saved),
            **self.distances,
            "ssim": self.ssim,
            **self.cost,
            "answers": self.answers,
            "free_pixels": None if self.mask is None else int(self.mask.sum()),
            "detector": self.detection and self.detection.summary(),
        }


def perform(
    model: Classifier,
    pixels,
    attack: Attack,
    *,
    label: int | None = None,
    label_source: str = "given",
    goal: Goal = UNTARGETED,
    progress: Progress | None = None,
    frames: bool = True,
    detector: "Detector | None" = None,
    adaptive: bool = False,
    mask: Tensor | None = None,
) -> Experiment:
    """Attack one picture and describe what happened.

    Args:
        pixels: uint8 ``[h, w, c]`` of the model's size.
        label: the true class; None takes the model's own prediction in its place, and says so.
        goal: what the attacker wants; a class to reach is ``goals.Towards(index)``. The least likely
            class is that of the attacked model.
        progress: called as ``progress(k, n)`` at each iterate; what it raises ends the attack.
        frames: whether iterates are kept (one more forward pass each, outside ``queries``).
        detector: one on ``model``, asked about the picture before and after. The attack is unaware of
            it, unless it has the detector as a field. For a defended ``model`` it is one on the
            undefended classifier.
        mask: bool ``[1, 1, H, W]``, true where pixels may change; None: everywhere.
        adaptive: whether the attacker of a defended ``model`` is aware of the defence (``attacked_by``).

    Raises ``ValueError`` where the attack does not support the goal, where the goal does not apply to
    this picture, where it is not of the model's size, or where the detector is another model's.
    """
    undefended = model.undefended if isinstance(model, Defended) else model
    if detector is not None and detector.classifier is not undefended:
        raise ValueError(f"detector must be one on this {model.name}; got {detector.name}")
    clean = to_tensor(pixels)
    images = clean.to(model.device)
    model.check_pictures(images)
    clean_logits, clean_odds = _ask(model, detector, images)
    start = clean_logits.softmax(1)
    if label is None:
        # Not of ``start``: several classes can have probability 0 or 1 there.
        label = int(clean_logits.argmax())
        label_source = "the model's own prediction"
    check_goal(model, goal, label)
    labels = torch.tensor([label], dtype=torch.int64, device="cpu")
    attacked_model: torch.nn.Module = model
    chosen_by = clean_logits
    if isinstance(model, Defended):
        attack, attacked_model = model.attacked_by(attack, adaptive=adaptive)
        if goal.needs_clean_logits:
            chosen_by = logits_of(attacked_model, images)
    aim = judged(goal, labels, clean_logits, chosen_by)
    attacked = int(aim.classes[0])
    if aim.towards:
        _check_target(model, attacked, label, int(clean_logits.argmax()))
    recorder = Recorder(attack.observations, progress, frames)
    iterative = attack.observations > 2
    begun = time.perf_counter()
    record = attack.run(
        attacked_model,
        images,
        labels,
        goal,
        observer=recorder if iterative else None,
        mask=mask,
    )
    seconds = time.perf_counter() - begun
    adversarial = record.x_adv.cpu()
    towards = clean if attack.has_eps else None
    rounded = as_saved(adversarial, towards)
    judge, chance = model, None
    if isinstance(model, Defended) and model.is_random:
        chance, judge = judged_afresh(
            model, rounded if attack.has_eps else adversarial, aim, progress
        )
    logits, odds = _ask(judge, detector, torch.cat([adversarial, rounded]).to(model.device))
    exact = record.success if attacked_model is judge else aim.success(logits[:1])
    saved = _saved(bool(aim.success(logits[1:])[0]), clean, rounded)
    final = logits[1:] if attack.has_eps else logits[:1]
    end = final.softmax(1)
    return Experiment(
        model=model.name,
        attack=attack.name,
        parameters=attack.parameters,
        goal=goal,
        label=guess(model, start, label),
        label_source=label_source,
        target=guess(model, end, attacked) if aim.towards else None,
        clean=clean,
        adversarial=adversarial,
        before=tuple(model.name_classes(start)[0]),
        after=tuple(model.name_classes(end)[0]),
        confidence_before=tuple(start[0].tolist()),
        confidence_after=tuple(end[0].tolist()),
        success=saved.success if attack.has_eps else bool(exact[0]),
        success_exact=bool(exact[0]),
        saved=saved,
        l0=record.l0[0].item(),
        l1=record.l1[0].item(),
        l2=record.l2[0].item(),
        linf=record.linf[0].item(),
        tv=record.tv[0].item(),
        ssim=ssim(clean, adversarial)[0].item(),
        seconds=seconds,
        **passes_of(record),
        frames=recorder.frames(
            model,
            clean,
            adversarial,
            {label, attacked, int(final.argmax())},
            sign=-1 if aim.towards else 1,
            rounding=attack.has_eps,
        ),
        notices=tuple(dict.fromkeys((*notices(model, attack), *record.notices))),
        answers=record.answers,
        detection=_detection(detector, clean_odds, odds, attack.has_eps),
        chance=chance,
        mask=mask,
    )


def _saved(success: bool, clean: Tensor, rounded: Tensor) -> Saved:
    """Distances counted in whole levels, so that 8/255 is 8/255 and no float32 noise is added."""
    levels = (x.double().mul(255).round() for x in (rounded, clean))
    norms = {name: value[0].item() for name, value in all_norms(*levels).items()}
    l0 = norms.pop("l0")
    return Saved(success=success, l0=l0, **{name: value / 255 for name, value in norms.items()})


def _detection(
    detector: "Detector | None", clean: Tensor | None, after: Tensor | None, as_saved: bool
) -> Detection | None:
    """From log-odds: of the clean picture, then of the exact result and the file, ``[2]``."""
    if detector is None or clean is None or after is None:
        return None
    return Detection.of(detector, clean, after[[1, 1]] if as_saved else after)


@torch.inference_mode()
def _ask(
    model: Classifier, detector: "Detector | None", images: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Logits ``[N, K]`` in float64 and the detector's log-odds ``[N]``, by one pass of the trunk.

    A defended model and a detector on the undefended one take a pass each.
    """
    if detector is None or detector.classifier is model:
        with evaluating(model):
            logits, odds = (model(images), None) if detector is None else detector.both(images)
    else:
        logits = logits_of(model, images)
        odds = detector.both(images)[1]
    return as_logits(logits).cpu().double(), odds


def check_goal(model: Classifier, goal: Goal, label: int) -> None:
    """Raise ``ValueError`` where there is nothing to do for a picture of class ``label``."""
    own = model.class_names[label]
    if isinstance(goal, Towards) and goal.target == label:
        raise ValueError(f"target must be another class than the picture's own, {own}")
    if isinstance(goal, SourceTarget) and goal.source != label:
        source = model.class_names[goal.source]
        raise ValueError(f"source must be the picture's own class, {own}; got {source}")


def _check_target(model: Classifier, target: int, label: int, answer: int) -> None:
    """Raise ``ValueError`` for a class that is reached already, or a least likely one that is the label."""
    if target == label:
        raise ValueError(
            f"the least likely class is the picture's own, {model.class_names[label]}: choose a target"
        )
    if target == answer:
        raise ValueError(
            f"target must be another class than the model's answer: it says "
            f"{model.class_names[answer]} already"
        )
