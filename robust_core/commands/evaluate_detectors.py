"""``python -m robust_core evaluate-detectors``: the tables of the bundled detectors."""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core import processes
from robust_core.commands import options, output
from robust_core.commands.detector_tables import files
from robust_core.commands.detector_tables.compared import ComparedDetectors
from robust_core.commands.detector_tables.parts import PARTS
from robust_core.commands.training import detector_data
from robust_core.files import check_writable
from robust_core.words.numbers import duration

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.evaluation.detector_tables.bench import DetectorBench
    from robust_core.evaluation.detector_tables.rows import DetectorTable

COMMAND = "evaluate-detectors"
MODEL = "cifar10-resnet32"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``evaluate-detectors``."""
    options.add_part(
        parser,
        f"some of {', '.join(PARTS)} (default: all); --out keeps the others as they are",
    )
    parser.add_argument(
        "--model", default=MODEL, metavar="M", help=f"whose detectors (default: {MODEL})"
    )
    options.add_folder(
        parser,
        "--runs",
        "also those that are trained and not bundled: a folder of training folders",
    )
    options.add_count(
        parser,
        "--limit",
        "the first N test pictures, in every part (default: as many as the detectors were measured "
        "on, at most 2000; in sigma and reject 500; in full_knowledge, and for cw-l2, apgd and square, "
        "100)",
    )
    options.add_folder(parser, "--data", "where the data set of the model is")
    options.add_folder(
        parser, "--cache", "for adversarial pictures (default: runs/cache, as of train detector)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="JSON",
        help="written after each part (default: assets/results/detectors.json, for other models "
        "detectors-M.json; none with --limit, as fewer pictures must not replace the committed result)",
    )
    parser.epilog = (
        "Detectability is the balanced accuracy at score 0.5 over all test pictures and the successful "
        "adversarial ones. The detectors compared are those in the index of the weights, and those of "
        "--runs; a part whose detectors are missing is left out."
    )
    options.add_device(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Make one part after another, and write the result after each."""
    asked = options.parts_of(args.part, PARTS)
    options.check_out(args.out, ".json")
    from robust_core import zoo
    from robust_core.evaluation.detector_tables.results import file_of
    from robust_core.paths import RESULTS

    record = detector_data.record_of(args.model)
    compared = ComparedDetectors.of(args.model, args.runs)
    if args.limit is None and args.out is None:
        check_writable(RESULTS, options.OTHER_OUT)
    check_writable(args.cache or Path("runs", "cache"), "choose another folder with --cache")
    out = args.out or (RESULTS / file_of(args.model).name if args.limit is None else None)
    out = out if processes.is_main() else None
    with output.alone_at(out):
        classifier = zoo.load(args.model, args.device)
        value = _head(classifier, f"{record.full_title} test")
        value |= processes.told(lambda: files.kept(out, value))
        bench = _bench(args, classifier, compared)
        for part in files.stale(value, bench.entries, asked):
            tqdm.write(
                f"{part} in {out} was made with other weights of its detectors.", file=sys.stderr
            )
        made: dict[str, DetectorTable] = {}

        def make() -> None:
            for part in asked:
                if table := _make(part, bench, compared, value, args):
                    made[part] = table
                    files.write(out, value)

        with output.stopping(lambda: _stopped(asked, list(made), out, args)):
            trouble = output.trouble_with(make)
    if not made:
        raise trouble or ValueError(
            f"none of {', '.join(asked)} can be made with the detectors that are bundled"
        )
    text = "\n\n".join(PARTS[part].text(table) for part, table in made.items())
    text += f"\n\nWritten: {out}" if out and not trouble else ""
    output.emit(value, args.json, text, trouble)


def _make(
    part: str,
    bench: "DetectorBench",
    compared: ComparedDetectors,
    value: dict,
    args: argparse.Namespace,
) -> "DetectorTable | None":
    """Put one part into ``value``; None, after a sentence, where its detectors are missing."""
    from robust_core.evaluation.detector_tables.plan import MissingDetectors

    started = time.perf_counter()
    try:
        table = PARTS[part].maker(bench)
    except MissingDetectors as error:
        tqdm.write(f"{part} is left out: {error}.", file=sys.stderr)
        return None
    written = table.to_json()
    value["parts"][part] = {"command": _command([part], args), **written}
    value["conditions"][part] = {
        "device": str(bench.classifier.device),
        **compared.by_origin(files.used(written, bench.entries)),
    }
    for each in ("parts", "conditions"):
        value[each] = {name: value[each][name] for name in PARTS if name in value[each]}
    seconds = time.perf_counter() - started
    tqdm.write(f"{part}: {duration(seconds)}", file=sys.stderr)
    return table


def _bench(
    args: argparse.Namespace,
    classifier: "Classifier",
    compared: ComparedDetectors,
) -> "DetectorBench":
    from robust_core import zoo
    from robust_core.evaluation.detector_tables.bench import DetectorBench

    images, labels = detector_data.pictures_for(classifier, "test", args.data)
    entries = compared.entries
    measured_on = [entry["n_test"] for entry in entries.values() if "n_test" in entry]
    kept = files.Files(classifier, entries, images, labels, args.cache or Path("runs", "cache"))
    return DetectorBench(
        entries,
        zoo.default_detector(args.model),
        classifier,
        images,
        labels,
        load=lambda name: compared.load(name, classifier),
        craft=kept.craft,
        remember=kept.remember,
        limit=args.limit,
        most=max(measured_on, default=None),
        track=lambda rows, what: tqdm(rows, what, file=sys.stderr, leave=False),
    )


def _head(classifier: "Classifier", data: str) -> dict:
    """What all parts share, and no parts yet."""
    return {
        "model": classifier.name,
        "data": data,
        "command": f"python -m robust_core {COMMAND}",
        "weights_sha256": classifier.provenance.details.get("sha256"),
        "versions": output.versions(),
        "device": str(classifier.device),
        "parts": {},
        "conditions": {},
    }


def _command(parts: list[str], args: argparse.Namespace) -> str:
    """The command line that makes the same parts."""
    model = None if args.model == MODEL else args.model
    return output.command_line(COMMAND, part=parts, model=model, limit=args.limit)


def _stopped(asked: list[str], made: list[str], out: Path | None, args: argparse.Namespace) -> str:
    kept = f"{', '.join(made)} written to {out}; " if made and out else ""
    left = asked if out is None else asked[asked.index(made[-1]) + 1 :] if made else asked
    return f"Stopped. {kept}what was crafted is kept. To go on: {_command(left, args)}"
