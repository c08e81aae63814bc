"""One picture and one defence against an aware or an unaware attacker."""

import time
from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from robust_core.attacks import Attack
from robust_core.classifier import Classifier, Guess
from robust_core.contract import notices
from robust_core.data.fitting import as_saved, to_tensor
from robust_core.defenses import Defended, Defense
from robust_core.distances import all_norms
from robust_core.evaluation.draws import Chance
from robust_core.experiment.afresh import judged_afresh
from robust_core.experiment.defended_look import Look, look
from robust_core.experiment.detection import Detection
from robust_core.experiment.perform import UNTARGETED, Experiment, check_goal
from robust_core.experiment.reached import Cost, Reached, passes_of
from robust_core.goals import Goal, Towards
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

if TYPE_CHECKING:
    from robust_core.detectors import Detector


class Attacker(StrEnum):
    """Whether the attacker is aware of the defence."""

    UNAWARE = "unaware"
    AWARE = "aware"


class DefenseOutcome(Enum):
    """The outcome of a defence. ``WRONG``: it missed the label before anything was changed.

    ``ABSTAINED``: the votes are too close for an answer, which is neither right nor wrong (PREDICT of
    Cohen et al., 2019).
    """

    RECOVERED = "Recovered"
    FOOLED = "Fooled"
    LESS_SURE = "Less sure"
    MISSED = "Target not reached"
    ABSTAINED = "Abstains"
    WRONG = "Wrong when clean"


@dataclass(frozen=True)
class DefenseTrial(Reached, Cost):
    """A defence under one attack.

    What an attack with an eps makes arrives as the picture that is shown and saved: rounded to 8 bits
    towards the clean one, within eps. ``after``, ``success`` and the distances are about that picture.
    Without an eps they are about the exact result, as in ``Experiment``.
    A random defence is judged on fresh draws (``chance``): ``success`` is what most of them give, and
    ``after`` one of those. ``success``: whether the goal is reached on the deployed defence.
    """

    model: str
    defense: str
    defense_parameters: dict
    attacker: Attacker
    attack: str
    """The attack as it was run: a defence may name a stronger one for this attacker."""
    parameters: dict
    goal: Goal
    label: Guess
    """The class to leave, with the defended model's confidence in it on the clean picture."""
    target: Guess | None
    before: Look
    after: Look
    detection: Detection | None = None
    chance: Chance | None = None
    """In how many fresh draws of a random defence the goal is reached; None: it is not random."""
    notices: tuple[str, ...] = ()
    """What belongs beside the result, in sentences, besides the defence's own notices."""

    @property
    def outcome(self) -> DefenseOutcome:
        """The outcome in a word."""
        first = self.before.guesses[0]
        last = self.after.guesses[0]
        if first.index != self.label.index:
            return DefenseOutcome.WRONG
        if self.after.abstains:
            return DefenseOutcome.ABSTAINED
        if self.success:
            return DefenseOutcome.LESS_SURE if last.index == first.index else DefenseOutcome.FOOLED
        return DefenseOutcome.RECOVERED if last.index == self.label.index else DefenseOutcome.MISSED

    def summary(self) -> dict:
        """Plain numbers and names, called as in ``Experiment.summary`` where they mean the same."""
        return {
            "defense": {"name": self.defense, "parameters": self.defense_parameters},
            "attacker": str(self.attacker),
            "outcome": self.outcome.value,
            "attack": self.attack,
            "parameters": self.parameters,
            "goal": self.goal.name,
            "goal_parameters": self.goal.parameters,
            "label": asdict(self.label),
            "target": self.target and asdict(self.target),
            "before": self.before.summary(),
            "after": self.after.summary(),
            "success": self.success,
            "fresh_draws": self.chance and self.chance.summary(),
            **self.distances,
            **self.cost,
            "detector": self.detection and self.detection.summary(),
            "notices": list(self.notices),
        }


@dataclass(frozen=True)
class _Made(Cost):
    """An adversarial picture ``[1, C, H, W]`` on the CPU and what it took."""

    picture: Tensor
    notices: tuple[str, ...] = ()


def trial(
    model: Classifier,
    pixels,
    attack: Attack,
    defense: Defense,
    *,
    attacker: Attacker,
    label: int | None = None,
    goal: Goal = UNTARGETED,
    before: Look | None = None,
    made: Experiment | None = None,
    detector: "Detector | None" = None,
    mask: Tensor | None = None,
    progress: Progress | None = None,
) -> DefenseTrial:
    """Attack one picture for ``model`` behind ``defense``, and show the defended model the result.

    An aware attacker uses the defence's adaptive gradient (BPDA, EOT, ...); an unaware one attacks the
    undefended model, or the defence's victim. All randomness comes from the seeds of ``attack`` and
    ``defense``.

    Args:
        model: the undefended classifier.
        pixels: uint8 ``[h, w, c]`` of the model's size.
        attacker: aware or unaware of the defence.
        label: the true class; None takes the undefended model's own prediction in its place.
        goal: what the attacker wants. The least likely class, or one at random, is that of the undefended
            model.
        before: ``look`` at the clean picture, where there is one.
        made: the same attack on the undefended model, with the same mask, where it has been run: its
            picture is reused for an unaware attacker who attacks the undefended model.
        detector: one on ``model``, asked about the picture that arrives.
        mask: bool ``[1, 1, H, W]``, true where pixels may change; None: everywhere.
        progress: called as ``progress(k, n)`` at each iterate, then at the votes, of the defence
            as it is and of all its fresh draws; what it raises ends it.

    Raises ``ValueError`` where the defence does not exist for the model, or the attack does not support
    the goal or the goal does not apply to this picture.
    """
    defended = defense(model)
    clean = to_tensor(pixels)
    with evaluating(model), torch.no_grad():
        own = as_logits(model(clean.to(model.device))).cpu()
    if label is None:
        label = int(own.argmax())
    if goal.needs_clean_logits:
        aim = goal.bind(torch.tensor([label], dtype=torch.int64, device="cpu"), own)
        goal = Towards(int(aim.classes[0])) if aim.towards else goal
    check_goal(model, goal, label)
    before = before or look(defended, clean, timed=False, progress=progress)
    run, attacked = defended.attacked_by(attack, adaptive=attacker is Attacker.AWARE)
    if made is not None and attacker is Attacker.UNAWARE and _same(run, attack, defended, made):
        result = _Made(made.adversarial, **made.cost)
    else:
        result = _make(run, attacked, clean.to(model.device), label, goal, mask, progress)
    arrives = as_saved(result.picture, clean) if run.has_eps else result.picture
    aim = goal.bind(torch.tensor([label], dtype=torch.int64, device="cpu"), before.logits)
    judge, chance = defended, None
    if defended.is_random:
        chance, judge = judged_afresh(defended, arrives, aim, progress)
    after = look(judge, arrives, timed=False, progress=progress)
    norms: dict[str, Any] = {name: v[0].item() for name, v in all_norms(arrives, clean).items()}
    told = dict.fromkeys((*notices(defended, run), *result.notices))
    known = defense.notices(len(model.class_names))
    return DefenseTrial(
        model=model.name,
        defense=defense.name,
        defense_parameters=defense.parameters,
        attacker=attacker,
        attack=run.name,
        parameters=run.parameters,
        goal=goal,
        label=_guess(model, before, label),
        target=_guess(model, after, int(aim.classes[0])) if aim.towards else None,
        before=before,
        after=after,
        success=chance.succeeds if chance else bool(aim.success(after.logits)[0]),
        chance=chance,
        **norms,
        **result.cost,
        detection=None if detector is None else _detection(detector, clean, arrives),
        notices=tuple(sentence for sentence in told if sentence not in known),
    )


def _same(run: Attack, attack: Attack, defended: Defended, made: Experiment) -> bool:
    """Whether ``made`` is what ``run`` would give on the undefended model."""
    if defended.victim is not defended.undefended or run != attack:
        return False
    asked = (defended.undefended.name, run.name, run.parameters)
    return asked == (made.model, made.attack, made.parameters)


def _make(
    run: Attack,
    attacked: nn.Module,
    clean: Tensor,
    label: int,
    goal: Goal,
    mask: Tensor | None,
    progress: Progress | None,
) -> _Made:
    """Run the attack on ``attacked``: a success test on the whole defence would be one more prediction."""
    done = 0

    def observer(images: Tensor, loss: Tensor) -> None:
        nonlocal done
        done += 1
        assert progress is not None
        progress(done, run.observations)

    begun = time.perf_counter()
    record = run.run(
        attacked,
        clean,
        torch.tensor([label], dtype=torch.int64, device="cpu"),
        goal,
        observer=observer if progress is not None and run.observations > 2 else None,
        mask=mask,
    )
    seconds = time.perf_counter() - begun
    picture = record.x_adv.cpu()
    return _Made(picture, record.notices, seconds=seconds, **passes_of(record))


def _detection(detector: "Detector", clean: Tensor, adversarial: Tensor) -> Detection:
    rounded = as_saved(adversarial)
    with torch.inference_mode():
        asked = (clean, torch.cat([adversarial, rounded]))
        odds = (detector.logit(images.to(detector.device)).cpu() for images in asked)
        return Detection.of(detector, *odds)


def _guess(model: Classifier, seen: Look, index: int) -> Guess:
    return Guess(index, model.class_names[index], seen.confidences[index])
