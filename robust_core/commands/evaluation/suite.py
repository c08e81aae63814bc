"""A named set of attacks, whose results are kept in ``assets/results``."""

import argparse
from dataclasses import asdict
from pathlib import Path

from robust_core.commands import options, output
from robust_core.commands.evaluation.measured import conditions, load_with_pictures, measure
from robust_core.commands.evaluation.text import text_of
from robust_core.commands.own_model import DESCRIBING

NAMED = (
    "model",
    "weights",
    "attack",
    "eps",
    "data",
    "goal",
    "target",
    "source",
    "drop",
    "threshold",
    "defense",
    "fresh_draws",
    "detector",
    *DESCRIBING,
)
"""The options that a suite fixes, besides hyper-parameters."""


def run(args: argparse.Namespace) -> tuple[dict, str, Path | None]:
    """The figures of all its attacks, their text, and the path to write them to."""
    from robust_core.evaluation import judging, suites
    from robust_core.paths import RESULTS

    suite = suites.get(args.suite)
    check_alone(args)
    model, images, labels = load_with_pictures(suite.model, suite.data, args)
    if suite.correct is not None:
        chosen = judging.right(model, images, labels, suite.correct)
        images = images[chosen]
        labels = labels[chosen]
    results = []
    for part in suite.parts:
        parameters = part.parameters | options.seed_of(args, part.attack)
        first = slice(part.limit)
        rows = measure(
            args, model, part.attack, part.eps, parameters, images[first], labels[first], part.goal
        )
        results.append({"attack": part.attack} | rows)
    same = {"model": suite.model, "data": suite.data, "correct_only": suite.correct is not None}
    value = {"suite": args.suite, **same}
    value |= {key: results[0][key] for key in ("n", "clean_top1", "clean_top5")}
    value |= {"limit": args.limit, "results": results, **conditions(model)}
    text = "\n\n".join(text_of({**same, **conditions(model), **result}) for result in results)
    # Part of the test set must not replace the committed result.
    default = RESULTS / f"{args.suite}.json" if args.limit is None else None
    return value, text, args.out or default


def check_alone(
    args: argparse.Namespace, also: tuple[str, ...] = (), free: tuple[str, ...] = ()
) -> None:
    """Raise ``ValueError`` for options that a suite fixes, ``also`` among them, but not ``free``."""
    fixed = [name for name in (*NAMED, *also) if name not in free]
    given = [
        f"--{name.replace('_', '-')}" for name in fixed if getattr(args, name, None) is not None
    ]
    given += [f"--{name.replace('_', '-')}" for name in options.given(args)]
    given += ["--adaptive"] if args.adaptive and "--defense" not in given else []
    if given:
        raise ValueError(
            f"--suite fixes {'' if free else 'model, weights, data, '}attacks, eps and goal: leave out "
            f"{', '.join(given)}"
        )


def show_list(as_json: bool) -> None:
    """Print the suites."""
    from robust_core.evaluation.deck_002 import protocol
    from robust_core.evaluation.defense_table.plan import PLANS
    from robust_core.evaluation.natural import plan as natural_plan
    from robust_core.evaluation.physical import plan as physical_plan
    from robust_core.evaluation.suites import SUITES, TRANSFER, UNIVERSAL
    from robust_core.evaluation.transfer.plan import FAMILIES
    from robust_core.evaluation.transfer.plan import PARTS as TRANSFER_PARTS
    from robust_core.evaluation.universal.suite import PARTS as UNIVERSAL_PARTS
    from robust_core.evaluation.verification import plan as verification_plan

    lines = [
        f"{name}: {suite.model} on {suite.data}; "
        + "; ".join(
            p.attack
            + (f" at {', '.join(f'{e:.4g}' for e in p.eps)}" if p.eps else "")
            + "".join(f", {name} {value}" for name, value in p.parameters.items())
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
    lines.append(
        f"{protocol.NAME}: {protocol.MODEL}, or --model and --data; {protocol.PICTURES} pictures that it "
        "gets right, under fgsm, bim, pgd and cw-l2, as in that deck"
    )
    lines.append(
        f"{UNIVERSAL}: universal perturbations and patches; parts {', '.join(UNIVERSAL_PARTS)}"
    )
    lines.append(
        f"{physical_plan.NAME}: {', '.join(physical_plan.MODELS)}; parts "
        f"{', '.join(physical_plan.PARTS)}, the last on {physical_plan.SIGN_MODEL}"
    )
    lines.append(
        f"{natural_plan.NAME}: natural changes of test pictures at five strengths; "
        f"networks trained in three ways; parts {', '.join(natural_plan.PARTS)}"
    )
    lines.append(
        f"{TRANSFER}: from each stored classifier of {', '.join(FAMILIES)} to the others; parts "
        f"{', '.join(TRANSFER_PARTS)}, the last of black boxes by their labels"
    )
    lines.append(
        f"{verification_plan.NAME}: proofs and attacks side by side; parts "
        f"{', '.join(verification_plan.PARTS)}"
    )
    value = {name: asdict(suite) for name, suite in SUITES.items()}
    value |= {
        name: {"model": plan.model, "data": plan.data, "parts": list(plan.parts)}
        for name, plan in PLANS.items()
    }
    value[UNIVERSAL] = {"parts": list(UNIVERSAL_PARTS)}
    value[TRANSFER] = {"parts": list(TRANSFER_PARTS)}
    value[physical_plan.NAME] = {
        "models": list(physical_plan.MODELS),
        "parts": list(physical_plan.PARTS),
    }
    value[natural_plan.NAME] = {"parts": list(natural_plan.PARTS)}
    value[verification_plan.NAME] = {"parts": list(verification_plan.PARTS)}
    value[protocol.NAME] = {"model": protocol.MODEL, "eps": list(protocol.EPS)}
    output.emit(value, as_json, "\n".join(lines))
