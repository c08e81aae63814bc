"""``python -m robust_core evaluate``: accuracy under attack on a test set, or a whole suite."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core import files
from robust_core.commands import defense_options, options, output
from robust_core.commands.defense_table import make
from robust_core.words.numbers import duration, exact_share, number

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.goals import Goal

NAMED = (
    "model",
    "attack",
    "eps",
    "data",
    "goal",
    "target",
    "source",
    "drop",
    "threshold",
    "defense",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``evaluate``."""
    from robust_core import data

    options.add_model_and_attack(parser, required=False)
    parser.add_argument(
        "--eps",
        type=options.number,
        nargs="+",
        action="extend",
        metavar="E",
        help="radii in the attack's norm, pixels in [0, 1]: 0.01 8/255",
    )
    known = ", ".join(data.names())
    parser.add_argument(
        "--data", metavar="D", help=f"{known} or a folder with one sub-folder per class"
    )
    parser.add_argument(
        "--suite", metavar="NAME", help="a named set instead of all of these; list shows them"
    )
    parser.add_argument(
        "--limit", type=options.positive, metavar="N", help="the first N pictures only"
    )
    parser.add_argument(
        "--batch", type=options.positive, metavar="N", help="pictures at a time (default: by size)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="JSON",
        help="write the JSON here too (a whole suite: assets/results/NAME.json)",
    )
    options.add_goal(parser, source=True)
    defense_options.add(parser)
    make.configure(parser)
    parser.epilog = (
        "success_rate is flipped / initially correct: of the pictures that the model got right and "
        "that the goal is about, the share that reached it. source-target is about the pictures of "
        "the source class, targeted about those of all classes but the target; all others count in "
        "top-1 and top-5 alone."
    )
    options.add_common(parser)
    options.add_hyper_parameters(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate, print, and write where asked."""
    from robust_core.paths import RESULTS

    options.check_out(args.out, ".json")
    if args.suite == "list":
        return _list(args.json)
    if args.suite is not None and args.limit is None and args.out is None:
        files.check_writable(RESULTS, options.OTHER_OUT)
    if args.suite in _tables():
        _check_alone(args, ("seed", "batch"))
        value, text, out = make.run(args)
        return output.emit(value, args.json, text + (f"\n\nWritten: {out}" if out else ""))
    if args.part or args.overwrite:
        raise ValueError(f"--part and --overwrite are for --suite {', '.join(_tables())} only")
    value, text, out = _suite(args) if args.suite is not None else _single(args)
    if out is not None:
        files.write_json(out, value)
        text += f"\nWritten: {out}"
    return output.emit(value, args.json, text)


def _tables() -> list[str]:
    """The suites that are tables of several models, by part."""
    from robust_core.evaluation.defense_table.plan import PLANS

    return list(PLANS)


def _single(args: argparse.Namespace) -> tuple[dict, str, Path | None]:
    missing = [f"--{name}" for name in ("model", "attack", "data") if getattr(args, name) is None]
    if missing:
        raise ValueError(f"evaluate needs {', '.join(missing)} (or --suite)")
    options.check_eps(args.attack, args.eps)
    if options.needs_detector(args.attack):
        raise ValueError(
            f"{args.attack} needs a detector to fool, and evaluate asks the model alone; use the "
            "command attack"
        )
    parameters = options.given(args) | options.seed_of(args, args.attack)
    _check_attack(args.attack, args.eps, parameters)
    about = defense_options.about(args)
    model, images, labels = _load(args.model, args.data, args)
    model = defense_options.defended(args, model)
    value = {"model": args.model, "attack": args.attack, "data": args.data, **about}
    goal = options.goal_of(args, model)
    value |= _evaluate(args, model, args.attack, args.eps, parameters, images, labels, goal)
    value |= _conditions(model)
    return value, _text(value), args.out


def _suite(args: argparse.Namespace) -> tuple[dict, str, Path | None]:
    from robust_core.evaluation import accuracy, suites
    from robust_core.paths import RESULTS

    suite = suites.get(args.suite)
    _check_alone(args)
    model, images, labels = _load(suite.model, suite.data, args)
    if suite.correct is not None:
        chosen = accuracy.right(model, images, labels, suite.correct)
        images = images[chosen]
        labels = labels[chosen]
    results = []
    for part in suite.parts:
        parameters = part.parameters | options.seed_of(args, part.attack)
        first = slice(part.limit)
        rows = _evaluate(
            args, model, part.attack, part.eps, parameters, images[first], labels[first], part.goal
        )
        results.append({"attack": part.attack} | rows)
    same = {"model": suite.model, "data": suite.data, "correct_only": suite.correct is not None}
    value = {"suite": args.suite, **same}
    value |= {key: results[0][key] for key in ("n", "clean_top1", "clean_top5")}
    value |= {"limit": args.limit, "results": results, **_conditions(model)}
    text = "\n\n".join(_text({**same, **_conditions(model), **result}) for result in results)
    # A part of the test set must not take the place of the committed result.
    default = RESULTS / f"{args.suite}.json" if args.limit is None else None
    return value, text, args.out or default


def _check_alone(args: argparse.Namespace, also: tuple[str, ...] = ()) -> None:
    """Refuse what a suite fixes, ``also`` among it."""
    given = [f"--{name}" for name in (*NAMED, *also) if getattr(args, name, None) is not None]
    given += [f"--{name.replace('_', '-')}" for name in options.given(args)]
    given += ["--adaptive"] if args.adaptive and "--defense" not in given else []
    if given:
        raise ValueError(
            f"--suite fixes model, attacks, eps, goal and data: leave out {', '.join(given)}"
        )


def _check_attack(name: str, eps_list: list[float] | None, parameters: dict) -> None:
    """Raise ``ValueError`` for wrong values before anything is loaded."""
    from robust_core import attacks

    radii: Sequence[float | None] = eps_list or [None]
    for eps in radii:
        radius = {"eps": eps} if options.has(name, "eps") else {}
        attacks.create(name, **radius, **parameters)


def _load(name: str, data: str, args: argparse.Namespace) -> "tuple[Classifier, Tensor, Tensor]":
    from robust_core import zoo
    from robust_core.data.datasets import load_test_set

    model = zoo.load(name, args.device)
    return model, *load_test_set(data, model, args.limit)


def _evaluate(
    args: argparse.Namespace,
    model: "Classifier",
    attack: str,
    eps_list: list[float] | tuple[float, ...] | None,
    parameters: dict,
    images: "Tensor",
    labels: "Tensor",
    goal: "Goal | None" = None,
) -> dict:
    from robust_core.evaluation import accuracy

    total = len(labels) * accuracy.runs(attack, eps_list)
    with output.bar(total, attack, " pictures") as bar:
        return accuracy.evaluate(
            model,
            attack,
            images,
            labels,
            eps_list=eps_list,
            parameters=parameters,
            goal=goal,
            batch=args.batch,
            adaptive=args.adaptive,
            progress=bar.update,
            on_notice=lambda sentence: tqdm.write(sentence, file=bar.fp),
        )


def _conditions(model: "Classifier") -> dict:
    return {
        "weights_sha256": model.provenance.details.get("sha256"),
        "device": str(model.device),
        "versions": output.versions(),
    }


def _text(value: dict) -> str:
    parameters = ", ".join(f"{k} {v}" for k, v in value["parameters"].items() if v is not None)
    wanted = ", ".join(f"{k} {v}" for k, v in value["goal_parameters"].items())
    heads = ["eps", "top-1", "top-5", "top-1, 8 bits", "success", "mean L2", "mean Linf", "time"]
    rows = [
        [
            number(row["eps"]),
            exact_share(row["top1"]),
            exact_share(row["top5"]),
            exact_share(row["top1_8bit"]),
            exact_share(row["success_rate"]),
            number(row["mean_l2"]),
            number(row["mean_linf"]),
            duration(row["seconds"]),
        ]
        for row in value["rows"]
    ]
    return "\n".join(
        [
            f"{value['attack']} ({value['norm']}{', ' + parameters if parameters else ''}) on "
            f"{value['model']}, {value['n']} pictures of {value['data']}"
            + (" that it gets right" if value.get("correct_only") else "")
            + f", {value['device']}",
            *_behind(value),
            f"goal: {value['goal']}" + (f" ({wanted})" if wanted else ""),
            f"clean: top-1 {exact_share(value['clean_top1'])}, "
            f"top-5 {exact_share(value['clean_top5'])}",
            output.table(heads, rows),
            "top-1 and top-5 over all pictures; success: reached the goal / initially correct, of those "
            "that the goal is about; means over those that reached it.",
            *_about_eps(value),
        ]
    )


def _behind(value: dict) -> list[str]:
    """A line on the defence and what the attacker knows of it, where there is one."""
    defense = value.get("defense")
    if not defense:
        return []
    fields = ", ".join(f"{k} {v}" for k, v in defense["parameters"].items())
    knows = "knows" if value["adaptive"] else "does not know"
    return [
        f"behind: {defense['name']}{f' ({fields})' if fields else ''}; the attacker {knows} of it"
        f"{_otherwise(value)}"
    ]


def _otherwise(value: dict) -> str:
    """What the attacker runs, where that is not what was asked for, and the model it is run on."""
    run = value["run"]
    on = f"; pictures made on {run['made_on']}"
    if (run["attack"], run["parameters"]) == (value["attack"], value["parameters"]):
        return on
    settings = ", ".join(f"{k} {v}" for k, v in run["parameters"].items() if v is not None)
    return f" and runs {run['attack']}{f' ({settings})' if settings else ''}{on}"


def _about_eps(value: dict) -> list[str]:
    if value["rows"][0]["eps"] is None or options.has(value["attack"], "eps"):
        return []
    return [
        f"{value['attack']} has no eps: the one given, in {value['norm']}, only decides what counts."
    ]


def _list(as_json: bool) -> None:
    from robust_core.evaluation.defense_table.plan import PLANS
    from robust_core.evaluation.suites import SUITES

    lines = [
        f"{name}: {suite.model} on {suite.data}; "
        + "; ".join(
            p.attack
            + (f" at {', '.join(f'{e:.4g}' for e in p.eps)}" if p.eps else "")
            + (f" ({p.goal.name})" if p.goal else "")
            + (f" (first {p.limit} pictures)" if p.limit else "")
            for p in suite.parts
        )
        for name, suite in SUITES.items()
    ]
    lines += [
        f"{name}: {plan.model} on {plan.data}, behind each defence; parts {', '.join(plan.parts)}"
        for name, plan in PLANS.items()
    ]
    value = {name: asdict(suite) for name, suite in SUITES.items()}
    value |= {
        name: {"model": plan.model, "data": plan.data, "parts": list(plan.parts)}
        for name, plan in PLANS.items()
    }
    output.emit(value, as_json, "\n".join(lines))
