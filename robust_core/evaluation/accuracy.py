"""Accuracy of a model on a test set, clean and under attack, one row for each eps.

Denominators differ: ``top1`` and ``top5`` are over *all* pictures, attacked whether or not the model
was right about them; ``success_rate`` is flipped / initially correct, of the pictures that the goal
concerns; mean norms are over the flipped ones, mean passes over all. A random model is judged, clean and
attacked, on fresh draws, and its shares are means over them.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.attacks.base import LARGEST, beyond_the_range
from robust_core.classifier import Classifier, as_classifier, at_once
from robust_core.contract import check_pictures, notices
from robust_core.defenses.base import Defended
from robust_core.detectors.base import Detector
from robust_core.distances import length_name
from robust_core.engine import in_batches
from robust_core.evaluation.draws import Drawn, count_for, fresh
from robust_core.evaluation.effects import AttackEffect, Finished, Trial
from robust_core.evaluation.flags import PICTURES, run_time_flags
from robust_core.evaluation.judging import ranks_by_draw
from robust_core.evaluation.passes import Pass, Passes, Tell, in_turn
from robust_core.goals import Goal, SourceTarget, Towards, Untargeted

VALUES_PER_BATCH = 2**20
NORMS = ("l0", "l1", "l2", "linf")


def default_batch(images: Tensor, model: object = None) -> int:
    """Pictures ``[N, C, H, W]`` at a time: about a million values, which suits the caches of a CPU.

    Fewer of a ``model`` that is known to need much memory for each.
    """
    most = min(256, max(8, VALUES_PER_BATCH // max(1, images[:1].numel())))
    return at_once(model, most)


def evaluate(
    model: Classifier | Callable[[Tensor], Tensor],
    attack_name: str,
    images: Tensor,
    labels: Tensor,
    *,
    eps_list: Sequence[float] | None = None,
    parameters: dict | None = None,
    goal: Goal | None = None,
    batch: int | None = None,
    adaptive: bool = False,
    fresh_draws: int | None = None,
    detector: Detector | None = None,
    progress: Callable[[int], object] | None = None,
    on_notice: Callable[[str], None] | None = None,
    on_step: Callable[[], object] | None = None,
    finished: Finished | None = None,
    make: Passes = in_turn,
) -> dict:
    """Attack every picture once for each eps.

    Args:
        model: a classifier, or any callable from pictures to logits (see ``contract``).
        images: float32 ``[N, C, H, W]`` in [0, 1], of the model's size.
        labels: true classes, int64 ``[N]``.
        eps_list: radii in the attack's norm. An attack without an eps runs once; a radius then only
            limits which of its results count as flipped. None: no limit.
        parameters: the other hyper-parameters.
        goal: what the attacker wants (None: untargeted); ``goals.Towards`` for a class to reach.
        batch: pictures at a time; halved when memory runs out.
        adaptive: whether the attacker of a defended model is aware (``Defended.attacked_by``).
        fresh_draws: by how many fresh draws a random model is judged (None: ``draws.count_for``).
        detector: asked about each picture, clean and adversarial, whatever the defence.
        progress: called with the number of pictures that were just attacked.
        on_notice: called with each of the ``notices`` as soon as it is known.
        on_step: called at each step of the attack; what it raises ends the evaluation.
        finished: read and added to batch by batch: the same evaluation, once it was ended, goes on from
            there.
        make: how the passes over the pictures are made: ``passes.Dealt`` deals them to many processes.

    Returns:
        ``n``, ``clean_top1``, ``clean_top5``, ``clean_top1_interval``, ``rows`` (see ``_row``), ``flags``
        (see ``flags.Flag``), ``fresh_draws`` (None for a model that is not random) and the conditions:
        ``parameters`` (without eps), ``norm``, ``goal``, ``goal_parameters``, ``batch``, ``notices``:
        sentences that belong beside the figures (``contract.notices``, an Linf radius above 1, a batch
        that was halved). For a defended model also ``run``: the attack and ``parameters`` that this
        attacker ran instead of the one asked for, ``made_on``, the model that it ran on, and its
        ``weights_sha256``. With a ``detector`` also its name and ``threshold``, ``clean_flagged``, the
        share of all clean pictures that it flags, and in each row ``flagged``, that of the flipped ones.

    Raises:
        ValueError: an unknown attack, hyper-parameter or value, a missing eps, a goal that the attack
            does not support, no draws, or pictures of another size than the model's.
    """
    if fresh_draws is not None and fresh_draws < 1:
        raise ValueError(f"fresh_draws must be at least 1; got {fresh_draws}")
    chosen = _create(attack_name, eps_list, parameters or {})
    goal = goal or Untargeted()
    model = as_classifier(model)
    check_pictures(model, images)
    told: list[str] = []

    def tell(*sentences: str) -> None:
        for sentence in sentences:
            if sentence not in told:
                told.append(sentence)
                if on_notice is not None:
                    on_notice(sentence)

    for eps, attack in chosen:
        tell(*notices(model, attack), *attack.notices, *beyond_the_range(attack.norm, eps))
    batch = batch or default_batch(images, model)
    run, attacked = _as_attacked(model, chosen[0][1], adaptive)
    flags = run_time_flags(model, images[:PICTURES].to(model.device), attacked=attacked, attack=run)
    draws = fresh(fresh_draws or count_for(model)) if flags.is_random else range(1)
    done = {} if finished is None else finished

    def unattacked(rows: Tensor, tell: Tell) -> tuple[Tensor]:
        return (ranks_by_draw(model, draws, images[rows], labels[rows]),)

    def under(attack: Attack) -> Pass:
        def work(rows: Tensor, tell: Tell) -> AttackEffect:
            first = int(rows[0]) if len(rows) else 0
            place = attack, first, first + len(rows)
            if place not in done:
                trial = Trial(model, draws, goal, adaptive, detector, tell, on_step)
                done[place] = trial.effect(attack, images[rows], labels[rows])
            return done[place]

        return Pass(work, progress or (lambda count: None))

    every = list(dict.fromkeys(attack for _, attack in chosen))
    passes = [Pass(unattacked), *map(under, every)]
    (clean,), *effects = make(passes, len(labels), batch, tell)
    outcomes = {attack: AttackEffect(*e) for attack, e in zip(every, effects, strict=True)}
    first = chosen[0][1]
    about = concerned(goal, labels)
    return {
        "n": len(labels),
        "clean_top1": _mean(clean < 1),
        "clean_top5": _mean(clean < 5),
        "clean_top1_interval": _interval((clean < 1).double().mean(0)),
        "rows": [
            _row(eps, attack, clean, about, outcomes[attack], detector is not None)
            for eps, attack in chosen
        ],
        "parameters": {name: v for name, v in first.parameters.items() if name != "eps"},
        "norm": first.norm,
        "goal": goal.name,
        "goal_parameters": goal.parameters,
        "batch": batch,
        "notices": told,
        "flags": flags.summary(),
        "fresh_draws": len(draws) if flags.is_random else None,
        **_as_run(model, first, adaptive),
        **({} if detector is None else _watched(detector, images, batch)),
    }


def _watched(detector: Detector, images: Tensor, batch: int) -> dict:
    """What a detector says about the clean pictures."""
    flagged = in_batches(lambda part: detector.flags(part.to(detector.device)).cpu(), images, batch)
    about = {"name": detector.name, "threshold": detector.threshold}
    return {"detector": about, "clean_flagged": _mean(flagged)}


def runs(attack_name: str, eps_list: Sequence[float] | None) -> int:
    """How often ``evaluate`` attacks each picture."""
    return len(set(eps_list or ())) if attacks.get(attack_name).has_eps else 1


def _create(
    name: str, eps_list: Sequence[float] | None, parameters: dict
) -> list[tuple[float | None, Attack]]:
    """One attack for each row."""
    if attacks.get(name).has_eps:
        if not eps_list:
            raise ValueError(f"{name} needs at least one eps: a number such as 0.01")
        return [(eps, attacks.create(name, eps=eps, **parameters)) for eps in eps_list]
    attack = attacks.create(name, **parameters)
    for eps in eps_list or ():
        if not 0 <= eps <= LARGEST:  # nor NaN
            raise ValueError(f"eps must be a number from 0 to {LARGEST:g}; got {eps!r}")
    return [(eps, attack) for eps in eps_list] if eps_list else [(None, attack)]


def _as_run(model: Classifier, asked: Attack, adaptive: bool) -> dict:
    """What an attacker of a defended model really runs, and on what."""
    if not isinstance(model, Defended):
        return {}
    run, attacked = model.attacked_by(asked, adaptive=adaptive)
    made_on = attacked if isinstance(attacked, Classifier) else model
    without_eps = {name: v for name, v in run.parameters.items() if name != "eps"}
    sha = made_on.provenance.details.get("sha256")
    return {
        "run": {
            "attack": run.name,
            "parameters": without_eps,
            "made_on": made_on.name,
            "weights_sha256": sha,
        }
    }


def _as_attacked(model: Classifier, asked: Attack, adaptive: bool) -> tuple[Attack, nn.Module]:
    """The attack that runs, and what it takes gradients of."""
    return (
        model.attacked_by(asked, adaptive=adaptive)
        if isinstance(model, Defended)
        else (asked, model)
    )


def concerned(goal: Goal, labels: Tensor) -> Tensor:
    """The pictures that a goal concerns, bool ``[N]``: those that are not of the target class already.

    Of these the initially correct ones are the denominator of ``success_rate``.
    """
    if isinstance(goal, SourceTarget):
        return labels == goal.source
    if isinstance(goal, Towards):
        return labels != goal.target
    return torch.ones_like(labels, dtype=torch.bool)


def _row(
    eps: float | None,
    attack: Attack,
    clean: Tensor,
    about: Tensor,
    outcome: AttackEffect,
    watched: bool,
) -> dict:
    """One row of the table: shares in [0, 1], None where there is nothing to count.

    ``correct`` are the initially correct pictures that the goal concerns, ``flipped`` those of them
    that reached it: means over the draws. ``top1_draws`` and ``success_rate_draws`` are the shares under
    each draw, the intervals those of ``draws.Drawn``.
    """
    allowed = torch.ones_like(outcome.l2, dtype=torch.bool)
    if eps is not None and not attack.has_eps:
        allowed = getattr(outcome, length_name(attack.norm)) <= eps
    allowed = allowed.unsqueeze(1)
    correct = (clean < 1) & about.unsqueeze(1)
    flipped = correct & outcome.success & allowed
    rank, rank_8bit = (torch.where(allowed, r, clean) for r in (outcome.rank, outcome.rank_8bit))
    top1 = (rank < 1).double().mean(0)
    success = _shares(flipped, correct)
    fell = {n: getattr(outcome, n).unsqueeze(1).expand_as(flipped)[flipped] for n in NORMS}
    return {
        "eps": eps,
        "top1": _mean(top1),
        "top1_interval": _interval(top1),
        "top1_draws": top1.tolist(),
        "top5": _mean(rank < 5),
        "top1_8bit": _mean(rank_8bit < 1),
        "success_rate": _mean(success),
        "success_rate_interval": _interval(success),
        "success_rate_draws": success.tolist(),
        "correct": _per_draw(correct),
        "flipped": _per_draw(flipped),
        **{f"mean_{name}": _mean(values) for name, values in fell.items()},
        **{f"median_{name}": _median(values) for name, values in fell.items()},
        "mean_queries": _mean(outcome.queries),
        "mean_gradients": _mean(outcome.gradients),
        "seconds": outcome.seconds.sum().item(),
        **(
            {"flagged": _mean(outcome.flagged.unsqueeze(1).expand_as(flipped)[flipped])}
            if watched
            else {}
        ),
    }


def _shares(flipped: Tensor, correct: Tensor) -> Tensor:
    """Flipped / correct under each draw, float64 ``[D]``, without the draws that get none right."""
    counts = correct.sum(0)
    some = counts > 0
    return flipped.sum(0)[some].double() / counts[some]


def _per_draw(mask: Tensor) -> float:
    """The mean over the draws of how many pictures ``[N, D]`` holds; a whole number for one draw."""
    return int(mask.sum()) if mask.shape[1] == 1 else mask.sum().item() / mask.shape[1]


def _interval(values: Tensor) -> list[float] | None:
    return list(Drawn(tuple(values.tolist())).interval) if len(values) else None


def _mean(values: Tensor) -> float | None:
    """The mean, in float64; None for no values."""
    return values.double().mean().item() if len(values) else None


def _median(values: Tensor) -> float | None:
    """The middle one, or the mean of the middle two; None for no values."""
    return values.double().quantile(0.5).item() if len(values) else None
