"""``python -m robust_core verify``: whether any change within a radius fools a model, proved."""

import argparse
import sys
from typing import TYPE_CHECKING

from robust_core.commands import options, output, own_model
from robust_core.commands.attack import label_of, read

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.verification import Verification

LONG = 60.0
"""Seconds after which it is said before how long it may take."""
METHODS = ("ibp", "crown", "crown-optimised", "lp", "milp")
"""As ``verification.METHODS``, which would take the time to import torch."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``verify``."""
    parser.add_argument(
        "picture",
        nargs="?",
        metavar="PICTURE",
        help="a PNG, JPEG or WebP file, or a sample: sample:digits-test-0; or none, with --data",
    )
    parser.add_argument("--data", metavar="D", help="test pictures: a data set, or a folder")
    parser.add_argument("--model", required=True, metavar="M", help=options.MODEL)
    parser.add_argument(
        "--eps",
        type=options.radius,
        required=True,
        metavar="E",
        help="radius, pixels in [0, 1]: 0.01 or 8/255",
    )
    parser.add_argument(
        "--method",
        default="crown",
        metavar="NAME",
        help=f"{', '.join(METHODS)} (default: crown); lp proves nothing",
    )
    parser.add_argument("--norm", default="linf", metavar="NAME", help="linf (default) or l2")
    parser.add_argument(
        "--seconds",
        type=options.number,
        default=60,
        metavar="S",
        help="time for each picture of lp and milp (default: 60)",
    )
    parser.add_argument(
        "--label", metavar="CLASS", help="true class of PICTURE (default: as for attack)"
    )
    options.add_count(parser, "--limit", "the first N pictures of --data only")
    own_model.add(parser)
    options.add_device(parser)
    options.add_json(parser)
    parser.epilog = (
        "proved: no picture within eps gets another class. broken: one was found, and the network asked. "
        "unknown: neither. Pictures that are wrong when clean are not verified."
    )


def run(args: argparse.Namespace) -> None:
    """Verify the pictures, and print what is proved."""
    if (args.picture is None) == (args.data is None):
        raise ValueError("verify needs one of PICTURE and --data")
    if args.picture is None and args.label is not None:
        raise ValueError("--label is for a PICTURE; those of --data have labels")
    from robust_core import verification, zoo

    verification.check_method(args.method, args.norm)
    own_model.admit(args)
    model = zoo.load(args.model, args.device)
    images, labels = _pictures(args, model)
    if args.method not in ("ibp", "lp"):
        _warn(model, len(images))
    with output.bar(len(labels), args.method, " pictures", delay=1) as bar, output.only_ours():

        def show(done: int, total: int) -> None:
            bar.n = done
            bar.refresh()

        found = verification.verify(
            model,
            images,
            labels,
            args.eps,
            args.method,
            norm=args.norm,
            seconds=args.seconds,
            progress=show,
        )
    value = {
        "model": args.model,
        "data": args.data,
        "picture": args.picture,
        "eps": args.eps,
        "norm": args.norm,
        "method": args.method,
        **summary(found),
        "seconds": found.seconds,
        "attack_seconds": found.attack_seconds,
        "rows": rows(found, model),
        "notices": list(found.notices),
        "weights_sha256": model.provenance.details.get("sha256"),
        "device": str(model.device),
        "versions": output.versions(),
    }
    output.emit(value, args.json, _text(value))


def _warn(model: "Classifier", pictures: int) -> None:
    """Say how long the bounds of a large network may take, before they begin."""
    from robust_core.experiment.verifiable import longest
    from robust_core.verification import compile_network

    network = compile_network(model, (model.channels, *model.input_size))
    seconds = pictures * longest(network)
    if seconds > LONG:
        print(
            f"This network has {network.neurons:,} ReLUs: bounds may take up to about {seconds / 60:,.0f} "
            f"minutes for {pictures:,} pictures, far less where intervals settle most ReLUs. --method ibp "
            "takes seconds, and proves less.",
            file=sys.stderr,
        )


def _pictures(args: argparse.Namespace, model: "Classifier") -> "tuple[Tensor, Tensor]":
    """The pictures and their true classes: of the data set, or one."""
    import torch

    from robust_core import zoo
    from robust_core.data.datasets import load_test_set
    from robust_core.data.fitting import to_tensor

    if args.data is not None:
        with own_model.naming(model):
            return load_test_set(args.data, model, args.limit)
    description = zoo.describe(args.model)
    source = read(args.picture)
    image = to_tensor(description.fitted(source.picture.pixels))
    label, _ = label_of(args.label, description, source.sample, model)
    if label is None:
        label = model.predict(image, 1)[0][0].index
    return image, torch.tensor([label], dtype=torch.int64, device="cpu")


def summary(found: "Verification") -> dict[str, int]:
    """How many pictures have each status."""
    from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG

    return {
        "n": len(found.status),
        "verified": found.count(PROVED),
        "broken": found.count(BROKEN),
        "unknown": found.count(UNKNOWN),
        "clean_wrong": found.count(WRONG),
    }


def rows(found: "Verification", model: "Classifier") -> list[dict]:
    """One object for each picture; null where nothing is known."""
    values = zip(
        found.status,
        found.labels.tolist(),
        *(_finite(x) for x in (found.clean, found.lower, found.exact, found.upper, found.distance)),
        found.unstable.tolist(),
        found.timed_out.tolist(),
        strict=True,
    )
    names = ("clean", "lower", "exact", "upper", "distance")
    return [
        {"picture": k, "status": status, "label": model.label_of(label), "index": label}
        | dict(zip(names, margins, strict=True))
        | {"unstable": None if unstable < 0 else unstable, "timed_out": timed_out}
        for k, (status, label, *margins, unstable, timed_out) in enumerate(values)
    ]


def _finite(values: "Tensor") -> list[float | None]:
    import math

    return [value if math.isfinite(value) else None for value in values.tolist()]


def _text(value: dict) -> str:
    from robust_core.words.numbers import duration

    n = value["n"]
    lines = [
        f"{value['method']}, eps {value['eps']:.4g} ({value['norm']}) on {value['model']}, "
        f"{value['data'] or value['picture']}",
        f"{value['verified']} of {n} proved, {value['broken']} broken, {value['unknown']} unknown, "
        f"{value['clean_wrong']} wrong when clean; bounds {duration(value['seconds'])}, attack "
        f"{duration(value['attack_seconds'])} on {value['device']}",
        *value["notices"],
    ]
    heads = ["picture", "status", "label", "clean", "certified", "exact", "reached", "unstable"]
    names = ("clean", "lower", "exact", "upper")
    cells = [
        [str(row["picture"]), row["status"], row["label"]]
        + ["-" if row[name] is None else f"{row[name]:.4f}" for name in names]
        + ["-" if row["unstable"] is None else str(row["unstable"])]
        for row in value["rows"][:20]
    ]
    if value["method"] == "lp":
        heads.append("distance")
        for cell, row in zip(cells, value["rows"], strict=False):
            cell.append("-" if row["distance"] is None else f"{row['distance']:.4f}")
    lines += ["", "Margins in logits:", output.table(heads, cells)]
    if n > len(cells):
        lines.append(f"... and {n - len(cells)} more: see --json")
    return "\n".join(lines)
