"""``python -m robust_core attack``: one picture, one model, one attack."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core import files
from robust_core.commands import (
    defense_options,
    goal_options,
    mask_options,
    options,
    output,
    own_model,
)

if TYPE_CHECKING:
    from robust_core.attacks import Attack, Starts
    from robust_core.classifier import Classifier
    from robust_core.data.picture import Picture
    from robust_core.data.samples import Sample
    from robust_core.experiment.perform import Experiment
    from robust_core.zoo import Description

SAMPLE = "sample:"
GIVEN = "given"
NOWHERE = (
    "No picture of --start reaches the goal, or the queries ran out before: there was nothing to walk "
    "from."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``attack``."""
    what = "a PNG, JPEG or WebP file, or a sample: sample:chelsea, sample:digits-test-0"
    parser.add_argument("picture", metavar="PICTURE", help=what)
    options.add_model_and_attack(parser, pair=True)
    parser.add_argument(
        "--eps",
        type=options.radius,
        metavar="E",
        help="radius in the attack's norm, pixels in [0, 1]: 0.01 or 8/255; for an attack without "
        "one, the limit that its distance is compared with",
    )
    goal_options.add(parser, source=False)
    parser.add_argument(
        "--start",
        dest="starts",
        metavar="PICTURE",
        nargs="+",
        action="extend",
        help="pictures, files or samples, to start from: for attacks by labels instead of noise, such as "
        "one of the class to reach; for substitute the first ones that it asks about",
    )
    parser.add_argument(
        "--label",
        metavar="CLASS",
        help="true class (default: a data-set picture's own, else the model's own prediction)",
    )
    parser.add_argument("--out", type=Path, metavar="PNG", help="write the 8-bit result here")
    parser.add_argument(
        "--fit",
        choices=("crop", "squash"),
        default="crop",
        help="how a picture of another size is fitted to the model's (default: crop)",
    )
    mask_options.add(parser)
    options.add_detector(parser)
    defense_options.add(parser)
    own_model.add(parser)
    options.add_common(parser)
    options.add_hyper_parameters(parser, pair=True)


@dataclass(frozen=True)
class Source:
    """The picture to attack, and what is known about it."""

    reference: str
    picture: "Picture"
    sample: "Sample | None" = None


def run(args: argparse.Namespace) -> None:
    """Attack the picture, print the result, write it where asked."""
    options.check_out(args.out, ".png")
    options.check_local(args.attack)
    options.check_eps(args.attack, args.eps)
    own_model.admit(args)
    from robust_core import imaging, zoo

    detector = options.detector_of(args)
    about = defense_options.about(args)
    description = zoo.describe(args.model)
    attack = _create(args, detector, description)
    source = read(args.picture)
    experiment = _perform(args, attack, description, source, detector)
    value = (
        experiment.summary()
        | about
        | {
            "model": args.model,
            "eps": args.eps,
            "norm": attack.norm,
            "within_eps": _within(experiment, attack.norm, args.eps),
            "seed": experiment.parameters.get("seed"),
            "picture": {
                "reference": source.reference,
                "sha256": source.picture.sha256,
                "title": source.picture.title,
                "notes": list(source.picture.notes),
                "fit": args.fit,
            },
            "mask": args.mask,
            "device": str(zoo.load(args.model, args.device).device),
            "notices": _notices(experiment, attack, args),
            "out": None,
            "versions": output.versions(),
        }
    )
    trouble = None
    if args.out:
        png = imaging.png(experiment.pixels()[1].numpy())
        trouble = output.trouble_with(lambda: files.write_bytes(args.out, png))
        value["out"] = None if trouble else str(args.out)
    output.emit(value, args.json, _text(experiment, attack.norm, value), trouble)


def _create(args: argparse.Namespace, detector: str | None, description: "Description") -> "Attack":
    """The attack; one on a pair gets its detector, one by labels the pictures that it starts from."""
    from robust_core import attacks, zoo

    radius = {"eps": args.eps} if options.has(args.attack, "eps") else {}
    parameters = options.given(args) | options.seed_of(args, args.attack)
    if args.starts:
        parameters["start"] = _starts(args, description)
    if options.needs_detector(args.attack):
        if detector is None:
            there = ", ".join(zoo.detectors(args.model))
            raise ValueError(
                f"{args.attack} needs a --detector to fool: "
                + (f"one of {there}" if there else f"{args.model} has none")
            )
        parameters["detector"] = zoo.load_detector(detector, args.device)
    return attacks.create(args.attack, **radius, **parameters)


def _starts(args: argparse.Namespace, description: "Description") -> "Starts":
    """The pictures of ``--start`` as the model sees them. Raises ``ValueError`` for other attacks."""
    import torch

    from robust_core import attacks
    from robust_core.data.fitting import to_tensor

    able = [name for name in attacks.local_names() if options.has(name, "start")]
    if args.attack not in able:
        raise ValueError(f"{args.attack} takes no --start: attack must be one of {', '.join(able)}")
    pictures = [
        to_tensor(description.fitted(read(each).picture.pixels, args.fit)) for each in args.starts
    ]
    return attacks.Starts(torch.cat(pictures), name=", ".join(args.starts))


def read(reference: str) -> Source:
    """A picture from a file or the samples. Raises ``ValueError`` where there is none."""
    from robust_core.data import samples
    from robust_core.data.uploads import decode_file

    if reference.startswith(SAMPLE):
        sample = samples.load(reference.removeprefix(SAMPLE))
        return Source(reference, sample.picture, sample)
    return Source(reference, decode_file(reference))


def _perform(
    args: argparse.Namespace,
    attack: "Attack",
    description: "Description",
    source: Source,
    detector: str | None,
) -> "Experiment":
    """The experiment, with a progress bar for attacks that take more than a second."""
    from robust_core import zoo
    from robust_core.attacks.base import beyond_the_range
    from robust_core.contract import notices
    from robust_core.devices import threads_for
    from robust_core.experiment.perform import perform

    pixels = description.fitted(source.picture.pixels, args.fit)
    threads_for(pixels.size * defense_options.copies(args))
    mask = mask_options.mask_of(args.mask, description)
    model = defense_options.defended(args, zoo.load(args.model, args.device))
    label, label_source = label_of(args.label, description, source.sample, model)
    goal = goal_options.goal_of(args, model)
    for told in (*notices(model, attack), *beyond_the_range(attack.norm, args.eps)):
        tqdm.write(told, file=sys.stderr)  # before the work, which may be in vain
    with output.bar(attack.observations, attack.name, "step", delay=1) as bar:
        return perform(
            model,
            pixels,
            attack,
            label=label,
            label_source=label_source,
            goal=goal,
            progress=lambda step, total: bar.update(step - bar.n),
            frames=False,
            detector=None if detector is None else zoo.load_detector(detector, args.device),
            adaptive=args.adaptive,
            mask=mask,
        )


def label_of(
    given: str | None, description: "Description", sample: "Sample | None", model: "Classifier"
) -> tuple[int | None, str]:
    """The true class and where it is from; None leaves it to the model's own prediction.

    A sample has a true label for models that have its class.
    """
    if given is not None:
        return model.index_of(given), GIVEN
    if sample is not None and sample.label_among(description.class_names):
        whose = f"{sample.data} test set" if sample.data else "sample"
        return description.class_names.index(sample.label), f"the label of the {whose}"
    return None, ""


def _notices(experiment: "Experiment", attack: "Attack", args: argparse.Namespace) -> list[str]:
    """What belongs beside the result; also of an eps that is only compared with, and of a start in vain."""
    from robust_core.attacks.base import beyond_the_range
    from robust_core.attacks.knowledge import LABELS

    told = [*experiment.notices, *beyond_the_range(attack.norm, args.eps)]
    asked = 1 + len(args.starts or ())
    begun = bool(args.starts) and attack.knowledge == LABELS
    if begun and not experiment.success and experiment.queries <= asked:
        told.append(NOWHERE)
    return list(dict.fromkeys(told))


def _within(experiment: "Experiment", norm: str, eps: float | None) -> bool | None:
    """Whether an attack without an eps succeeded within the given one; None for all others."""
    if eps is None or experiment.eps is not None:
        return None
    from robust_core.distances import length_name

    return experiment.success and getattr(experiment, length_name(norm)) <= eps


def _text(experiment: "Experiment", norm: str, value: dict) -> str:
    from robust_core.words.chance import in_draws
    from robust_core.words.numbers import duration, percent
    from robust_core.words.verdict import needed, sentence

    eps = "" if experiment.eps is None else f", eps {value['eps']:.4g} ({norm})"
    rows = [
        [str(i), before.label, percent(before.confidence), after.label, percent(after.confidence)]
        for i, (before, after) in enumerate(
            zip(experiment.before, experiment.after, strict=True), 1
        )
    ]
    far = experiment.judged
    of = "exact result" if experiment.eps is None else "8-bit file"
    lines = [
        f"{experiment.attack}{eps} on {experiment.model}, {value['picture']['title']}",
        *_attacker(value),
        *_free(experiment),
        sentence(experiment, norm),
        *([f"{in_draws(experiment.chance)}."] if experiment.chance else []),
        *value["notices"],
    ]
    if value["within_eps"] is not None:
        lines.append(needed(experiment, norm, value["eps"]))
    lines += [
        *_file(experiment),
        f"Label: {experiment.label.label} ({experiment.label_source}).",
        *_detected(experiment),
        "",
        output.table(["", "before", "", "after", ""], rows),
        "",
        f"The {of}: L0 {far.l0:.0f} pixels, L1 {far.l1:.4g}, L2 {far.l2:.4g}, Linf {far.linf:.4g}, "
        f"TV {far.tv:.4g}; before rounding SSIM {experiment.ssim:.4f}",
        f"{experiment.queries} forward and {experiment.gradients} backward passes, "
        f"{duration(experiment.seconds)} on {value['device']}",
    ]
    if value["out"]:
        lines.append(f"Written: {value['out']}")
    return "\n".join(lines)


def _file(experiment: "Experiment") -> list[str]:
    """What the 8-bit file does to the verdict, and for an attack without an eps how far it is."""
    from robust_core.words.verdict import rounded

    told = [rounded(experiment)]
    if experiment.eps is None:
        saved = experiment.saved
        kept = "holds" if saved.success == experiment.success else "does not hold"
        told = [f"The verdict {kept} for the 8-bit file: L2 {saved.l2:.4g}, Linf {saved.linf:.4g}."]
    return [line for line in told if line]


def _free(experiment: "Experiment") -> list[str]:
    """The line on the mask, where there is one."""
    if experiment.mask is None:
        return []
    free, every = int(experiment.mask.sum()), experiment.mask.numel()
    return [f"{free:,} of {every:,} pixels may change; the others are as they were."]


def _attacker(value: dict) -> list[str]:
    """The line on the defence, where there is one: what the attacker knows and does."""
    from robust_core import defenses

    if value["defense"] is None:
        return []
    defense = defenses.get(value["defense"]["name"])
    if value["adaptive"]:
        return [f"The attacker is aware of the defence. {defense.aware}"]
    return [f"The attacker is unaware of the defence. {defense.unaware}"]


def _detected(experiment: "Experiment") -> list[str]:
    """What the detector says, where there is one, and what to keep in mind about it."""
    from robust_core.words.detectors import hints

    seen = experiment.detection
    if seen is None:
        return []
    before, after, threshold = seen.words
    verdict = f"{seen.verdict} {seen.rounded}" if seen.rounded else seen.verdict
    far = experiment.judged
    return [
        f"{seen.name}: score {before} before, {after} after, threshold {threshold}. {verdict}",
        *hints(seen, far.linf, far.l2),
    ]
