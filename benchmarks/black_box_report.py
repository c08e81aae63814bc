"""The table of benchmarks/black_box.py, and what misses its aims."""

FLOOR_AIM = 1.1
"""Time of ours, in that of the same passes bare, for the attacks named in FLOOR_OF on LARGE pictures."""
FLOOR_OF = ("square", "nes", "simba", "hopskipjump")
LARGE = 64
BATCHED_AIM, SINGLE_AIM = 1.0, 0.5
"""Time of ours beside a peer whose passes are batches, and beside one that asks picture by picture: most of
its queries are passes of one picture."""
HEAD = (
    "| attack | norm, eps | pictures x queries | who | n | success | median distance | queries asked | "
    "time / floor | / same passes | ours beside it | a query of ours / of its | "
    "on the same few | whole run |"
)


def table(rows: list[dict]) -> str:
    """Markdown: one line a contestant, then the aims that are missed."""
    lines = [HEAD, "|" + " --- |" * HEAD.count(" | ") + " --- |"]
    missed = []
    for row in rows:
        queries = row["entries"][0]["queries"]
        eps = "" if row["eps"] is None else f", {row['eps']:.4f}"
        for entry in row["entries"]:
            whole = _whole(entry, queries)
            lines.append(
                f"| {row['attack']} | {row['norm']}{eps} | {row['pictures']} x {row['budget']} | "
                f"{entry['who']} | {entry['n']} | {entry['success']:.1%} | {_size(entry['median'])} | "
                f"{entry['queries']:.0f} | {entry['over_floor']:.2f} | {_ratio(entry, 'over_same')} | "
                f"{_beside(entry)} | "
                f"{_ratio(entry, 'time_of_ours')} | {_ratio(entry, 'time_of_ours_on_few')} | "
                f"{_span(entry, whole)} |"
            )
            missed += _missed(row, entry, whole)
    return "\n".join([*lines, "", *(missed or ["No aim is missed by what was measured."])])


def _size(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _ratio(entry: dict, name: str) -> str:
    return f"{entry[name]:.2f}" if name in entry else ""


def _whole(entry: dict, queries: float) -> float | None:
    """Time of our run in that of a peer's at the same budget; None for a peer on a few of the pictures.

    ``queries``: that ours asked about each picture.
    """
    if entry.get("alone", True):
        return None
    return entry["time_of_ours"] * queries / entry["queries"]


def _span(entry: dict, whole: float | None) -> str:
    """The time of a whole run, with its interval where it was taken in turns."""
    if whole is None:
        return ""
    taken = entry.get("in_turns", {})
    if "low" not in taken:
        return f"{whole:.2f}"
    low, high = (whole * taken[end] / taken["value"] for end in ("low", "high"))
    return f"{whole:.3f} [{low:.3f}, {high:.3f}]"


def _beside(entry: dict) -> str:
    beside = entry.get("ours_beside_it")
    if beside is None:
        return ""
    low, high = beside.get("low"), beside.get("high")
    span = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    value = "not finite" if beside["value"] is None else f"{beside['value']:.3f}"
    return f"{value}{span} ({beside['what']}, n = {beside['n']})"


def _missed(row: dict, entry: dict, whole: float | None) -> list[str]:
    found = []
    where = f"{row['attack']}, {row['pictures']} x {row['budget']}"
    if entry["who"] == "ours":
        judged = row["attack"] in FLOOR_OF and row["pictures"] >= LARGE
        if judged and entry["over_same"] > FLOOR_AIM:
            found.append(
                f"- {where}: {entry['over_same']:.2f} of the same passes, bare (aim {FLOOR_AIM})."
            )
        return found
    beside = entry["ours_beside_it"]
    sized = beside["what"] == "difference of success"
    kindest = beside.get("high" if sized else "low", beside["value"])
    if kindest is not None and (kindest < 0 if sized else kindest > 1):
        found.append(f"- {where}: weaker than {entry['who']}, {_beside(entry)}.")
    time = entry["time_of_ours"] if whole is None else whole
    aim = SINGLE_AIM if entry.get("single", 0) > 0.5 else BATCHED_AIM
    taken = entry.get("in_turns", {})
    if time * taken.get("low", 1) / taken.get("value", 1) > aim:
        found.append(f"- {where}: {time:.3f} of the time of {entry['who']} (aim {aim}).")
    return found
