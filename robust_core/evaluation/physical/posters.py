"""Posters and stickers on signs: made for random places, judged from others before other backdrops."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from robust_core import zoo
from robust_core.areas import Area
from robust_core.attacks.physical.poses import Pose, Street, random_poses
from robust_core.attacks.physical.rp2 import RP2, PoseResult, Poster, from_poses, region
from robust_core.attacks.physical.transformation import generator_of
from robust_core.classifier import Classifier
from robust_core.data import signs
from robust_core.evaluation.physical import plan

Watch = Callable[[str, int, int, Tensor, float], object]
"""Told of each step: the stage (L1 finds the region, L2 fills it), k of n, the sign, and the loss."""
FITTED, NEW = 0, 100
"""Seeds of the first backdrops that a poster is made for, and of the first that it is judged before."""
BACKDROPS = 8


def fit(
    model: Classifier,
    asked: plan.PosterPlan,
    watch: Watch | None = None,
    *,
    method: RP2 | None = None,
    finding: RP2 | None = None,
    places: int | None = None,
) -> Poster:
    """Make what ``asked`` says with ``method``, for this many random ``places``, by default the suite's.

    ``finding`` is the L1 stage, where the region is to be found. Raises ``ValueError`` for an unknown sign.
    """
    method, places = method or plan.METHOD, plan.POSES if places is None else places
    picture, outline = (x.to(model.device) for x in signs.draw(asked.sign, plan.SIDE))
    solid = outline > 0.99
    target = signs.get(asked.target).gtsrb
    street = Street(outline, backdrops(FITTED, BACKDROPS, model), model.input_size)
    poses = random_poses(places, generator_of(0, "poster"))

    def known(x: Tensor) -> Tensor:
        return street(x, poses)

    def told(stage: str, steps: int) -> Callable[[Tensor, float], object]:
        done = iter(range(steps + 1))
        return lambda x, loss: watch and watch(stage, next(done), steps, x, loss)

    area = solid
    if asked.area == "found":
        sparse = finding or plan.FINDING
        first = sparse(model, picture, solid, known, target, observer=told("L1", sparse.steps))
        area = region(first.delta, solid, plan.COVER)
    elif asked.area != "sign":
        shape = Area.read(asked.area).mask(plan.SIDE, plan.SIDE)
        area = solid & torch.from_numpy(shape).to(solid.device)
    return method(model, picture, area, known, target, observer=told("L2", method.steps))


def ready(model: Classifier, asked: plan.PosterPlan) -> Poster | None:
    """The bundled poster, where ``fit`` made it with these settings for these weights; else None."""
    name = plan.bundled(asked)
    if name is None:
        return None
    found = zoo.load_poster(name)
    made = {key: found.entry.get(key) for key in ("weights_sha256", "parameters", "places")}
    here = {
        "weights_sha256": model.provenance.details.get("sha256"),
        "parameters": plan.METHOD.parameters,
        "places": plan.POSES,
    }
    return found.poster.on(model.device) if made == here else None


def new_street(sign: str, model: Classifier, side: int = 0) -> Street:
    """The street from which a poster is judged: no poster was made for its backdrops."""
    _, outline = signs.draw(sign, side or plan.SIDE)
    return Street(outline.to(model.device), backdrops(NEW, plan.PLACES, model), model.input_size)


def judge(
    model: Classifier,
    asked: plan.PosterPlan,
    sign: Tensor,
    changed: Tensor,
    poses: Sequence[Pose],
) -> PoseResult:
    """Clean and changed sign from P places before ``plan.PLACES`` new backdrops: bool ``[P, PLACES]``."""
    street = new_street(asked.sign, model, sign.shape[-1])
    label, target = (signs.get(name).gtsrb for name in (asked.sign, asked.target))
    every = [pose for pose in poses for _ in range(plan.PLACES)]
    found = from_poses(model, sign, changed, lambda x: street(x, every), label, target)
    right, fooled = (x.view(len(poses), plan.PLACES) for x in (found.right, found.fooled))
    return PoseResult(right, fooled)


def backdrops(first: int, count: int, model: Classifier) -> Tensor:
    """``count`` backdrops of neighbouring seeds on the model's device."""
    return torch.cat([signs.backdrop(first + k) for k in range(count)]).to(model.device)
