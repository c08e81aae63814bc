"""Transfer between stored classifiers, and substitutes of black boxes round by round."""

from docs.generator.markdown import percent, table
from robust_core import attacks, data
from robust_core.evaluation.transfer import results
from robust_core.evaluation.transfer.measure import LearntRow
from robust_core.evaluation.transfer.results import Matrix, Report, setting


def tables() -> str:
    """All that was measured; the command that measures it where there is nothing."""
    found = results.load()
    parts = [_family(found, name) for name in found.families()]
    parts += [_substitutes(found)] if found.learnt else []
    parts = parts or ["Not measured yet."]
    return "\n\n".join([*parts, f"Made by `{found.command}`."])


def _family(found: Report, name: str) -> str:
    made = found.matrices(name)
    title = data.get(name).title
    return "\n\n".join([f"**Networks for {title}**", *map(_matrix, made)])


def _matrix(matrix: Matrix) -> str:
    targets = matrix.targets
    heads = {"made on": "l"} | {f"{k + 1}": "r" for k in range(len(targets))}
    number = {target: k + 1 for k, target in enumerate(targets)}
    lines: list[tuple] = [
        (
            f"{number[row.source]} `{row.source}`",
            *(percent(c.share, 0) or "n/a" for c in row.targets),
        )
        for row in matrix.rows
    ]
    first = matrix.rows[0]
    lines.append(("right, clean", *(percent(c.right / first.n, 0) for c in first.targets)))
    lacking = f" Not measured yet: {', '.join(matrix.lacking)}." if matrix.lacking else ""
    return f"{matrix.made}, first {matrix.n:,} test pictures.{lacking}\n\n{table(heads, lines)}"


def _substitutes(found: Report) -> str:
    heads = {"model": "l", "substitute": "l", "round": "r", "labels asked": "r"}
    heads |= {"agrees on S": "r", "agrees, held out": "r", "transfer": "l", "white-box on F": "l"}
    heads |= {"on the model itself": "l", "held out": "r"}
    lines = [line for row in found.learnt for line in _rounds(row)]
    return (
        "**Substitutes**: a network F taught by the labels of a model alone (`substitute`), from test "
        "pictures that are not the held-out ones. Transfer: of the held-out pictures that the model gets "
        "right, the share that is wrong once attacked on F, in Linf at the radii given; beside it the same "
        f"attack judged on F itself, and made on the model itself.\n\n{table(heads, lines)}"
    )


def _rounds(row: LearntRow) -> list[tuple]:
    radii = " and ".join(setting(eps, None).removeprefix("eps ") for eps in row.eps)

    def both(counts: tuple[int, ...], of: int) -> str:
        return ", ".join(percent(count / of, 1) if of else "n/a" for count in counts)

    title = attacks.get(row.final).title
    return [
        (
            f"`{row.model}`" if not k else "",
            f"{row.parameters['network']}; {title} at {radii}" if not k else "",
            k,
            f"{stage.queries:,}",
            percent(stage.agreement, 1),
            percent(stage.agree / row.n, 1),
            both(stage.fooled, stage.right),
            both(stage.own_fooled, stage.own_right),
            both(row.direct, stage.right) if not k else "",
            f"{row.n:,}" if not k else "",
        )
        for k, stage in enumerate(row.stages)
    ]
