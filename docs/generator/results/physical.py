"""The physical world, simulated: destruction rates, turned pictures, road signs, and published figures."""

from docs.generator.markdown import percent, table
from robust_core.evaluation.physical import plan, published, results
from robust_core.evaluation.physical.results import Report

TITLES = {"fgsm": "FGSM", "bim": "BIM", "least-likely": "BIM, least likely"}
CURVE = (-45, -20, 0, 20, 45)


def tables() -> str:
    """All parts that were measured; how to measure where there is nothing."""
    found = results.report()
    if found.lacking:
        return found.lacking
    parts = [_destruction(found), _rotation(found), _signs(found), f"Made by `{found.command}`."]
    return "\n\n".join(filter(None, parts))


def _destruction(found: Report) -> str:
    return "\n\n".join(_one_model(found, model) for model in found.models(plan.DESTRUCTION))


def _one_model(found: Report, model: str) -> str:
    mine = [row for row in found.destruction if row.model == model]
    about = max(mine, key=lambda row: row.top1["pictures"])
    intro = (
        f"**Destruction rate** on {model}, test pictures of {about.data}, evenly spread, "
        f"{about.top1['draws']} simulated photographs of each, top-1: of the pictures that are right when "
        "clean and wrong when adversarial, the share of photographs that are right again. Iterative "
        "attacks in steps of 1/255. In brackets: how many pictures count, of how many. The last column is "
        "**published**, not ours: prints photographed by Kurakin et al. (2017), Inception-v3, ImageNet."
    )
    clean = ", ".join(
        f"{name} {percent(row.top1['clean'], 1)}"
        for name, row in {
            row.transformation: row
            for row in mine
            if (row.attack, row.eps) == (about.attack, about.eps)
        }.items()
    )
    printed = {(row.attack, row.eps): row for row in published.KURAKIN}
    heads = {"attack": "l", "eps": "r", "counted": "r"}
    heads |= dict.fromkeys(plan.TRANSFORMATIONS, "r") | {"published": "r"}
    rows = []
    for attack, eps in dict.fromkeys((row.attack, row.eps) for row in mine):
        cells = {r.transformation: r.top1 for r in mine if (r.attack, r.eps) == (attack, eps)}
        theirs = printed.get((attack, round(255 * eps)))
        rates = [percent(cells[name]["rate"], 1) or "n/a" for name in plan.TRANSFORMATIONS]
        counted = f"{cells['photo']['counted']} of {cells['photo']['pictures']}"
        rows.append(
            (
                TITLES[attack],
                f"{round(255 * eps)}/255",
                f"({counted})",
                *rates,
                theirs and f"{theirs.destruction:g} %",
            )
        )
    return "\n\n".join([intro, table(heads, rows), f"Clean photographs that are right: {clean}."])


def _rotation(found: Report) -> str:
    lines = []
    for model in found.models(plan.ROTATION):
        attacks = list(dict.fromkeys(r.attack for r in found.rotation if r.model == model))
        for attack in attacks:
            curve = {row.angle: row for row in found.turned(model, attack)}
            (fresh,) = (
                r for r in found.rotation if (r.model, r.attack, r.angle) == (model, attack, None)
            )
            name = {"none": "clean", "pgd": "PGD", "eot": "EOT"}[attack]
            shares = [percent(curve[a].target, 0) if a in curve else None for a in CURVE]
            lines.append((model, name, fresh.n, *shares, percent(fresh.target, 1)))
    if not lines:
        return ""
    heads = {"model": "l", "attack": "l", "n": "r"} | {f"{a}°": "r" for a in CURVE}
    return (
        "**Turned pictures**: the share taken for the target, the class after the label, when the picture "
        f"is turned; both attacks in Linf at {round(255 * plan.TURNED_EPS[lines[0][0]])}/255, "
        f"{plan.EOT_STEPS} steps, EOT over {plan.EOT_DRAWS} random rotations of up to 22.5° a step. Last: "
        f"adversariality, over {plan.FRESH} fresh random rotations of up to 22.5°.\n\n"
        + table(heads | {"fresh": "r"}, lines)
    )


def _signs(found: Report) -> str:
    if not found.signs:
        return f"Road signs: to be measured on `{plan.SIGN_MODEL}`."
    heads = {"what is put on the sign": "l", "deck's five places": "r", "in printable colours": "r"}
    heads |= {"random stickers": "r", "whole grid": "r", "published": "r"}
    rows = []
    for poster in plan.POSTERS:
        five, grid = (
            results.sign_rate(found.signs, poster.key, deck=deck) for deck in (True, False)
        )
        n = five.right
        theirs = published.RP2[poster.key]
        rows.append(
            (
                f"{poster.sign} to {poster.target}, {poster.key}",
                *(
                    percent(k / n, 1) if n else "n/a"
                    for k in (five.fooled, five.printed, five.random)
                ),
                percent(grid.rate, 1) or "n/a",
                f"{theirs.title}: {theirs.success:g} %",
            )
        )
    return (
        f"**Road signs** (RP2) on {found.signs[0].model}, signs and camera simulated: the share taken for "
        "the target, of the views in which the clean sign is right. The last column is **published**, "
        f"ours: {published.RP2_SOURCE}.\n\n" + table(heads, rows)
    )
