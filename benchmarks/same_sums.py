"""Does a change of the layout leave every result as it was? SHA-256 of all of them, before and after.

    python benchmarks/same_sums.py record before.json
    python benchmarks/same_sums.py compare before.json

Fixed seeds, one thread, the bundled models: every attack's pictures, every detector's scores, every
defence's answers and adaptive gradients, every certificate, and each page as AppTest renders it, with
every tab. Measured times are masked. Sums of one machine and one torch only can be compared.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from robust_core import attacks, defenses, files, zoo  # noqa: E402
from robust_core.certify import pixeldp, smoothing  # noqa: E402
from robust_core.data import digits, samples  # noqa: E402
from robust_core.data.fitting import fit, to_tensor  # noqa: E402

FEW = {
    **{"steps": 6, "rounds": 2, "search_steps": 2, "restarts": 2, "targets": 2},
    **{"max_queries": 60, "n": 64, "draws": 4},
}
"""Hyper-parameters that cost time, made small."""
TIMES = re.compile(r"\b\d+(\.\d+)?\s(ms|s|min)\b|\d+(\.\d+)? times a clean pass")


def digest(value: Tensor | str | object) -> str:
    """SHA-256 of a tensor's bytes, or of a text."""
    if isinstance(value, Tensor):
        content = value.detach().cpu().contiguous().numpy().tobytes()
    else:
        content = (value if isinstance(value, str) else repr(value)).encode()
    return hashlib.sha256(content).hexdigest()


def quick(kind: type) -> dict[str, int]:
    return {field.name: FEW[field.name] for field in fields(kind) if field.name in FEW}


def pictures(model: str) -> Tensor:
    """Four pictures that a bundled model takes."""
    about = zoo.describe(model)
    if about.channels == 1:
        return digits.load("test")[0][:4]
    found = [s for s in samples.catalogue("cifar10") if s.data is None][:4]
    return torch.cat(
        [
            to_tensor(fit(s.picture.pixels, size=(32, 32), resize=32, channels=3, how="crop"))
            for s in found
        ]
    )


def of_attacks() -> Iterator[tuple[str, str]]:
    for name in zoo.UNDEFENDED:
        model, images = zoo.load(name, "cpu"), pictures(name)
        labels = model(images).argmax(1)
        for attack in attacks.local_names():
            run = attacks.create(attack, **quick(attacks.get(attack))).run(model, images, labels)
            yield f"attack {attack} on {name}", digest(run.x_adv)
            yield (
                f"record {attack} on {name}",
                digest(
                    [
                        x.tolist()
                        for x in (
                            run.success,
                            run.iterations,
                            run.queries_forward,
                            run.queries_backward,
                        )
                    ]
                ),
            )
            targets = (labels + 1) % len(model.class_names)
            aimed = attacks.create(attack, **quick(attacks.get(attack)))
            if "targeted" in aimed.goals:
                yield (
                    f"attack {attack} on {name}, targeted",
                    digest(aimed(model, images, targets, targeted=True)),
                )
        detector = zoo.load_detector(zoo.default_detector(name), "cpu")
        for attack in attacks.names(pair=True):
            run = attacks.create(attack, detector=detector, **quick(attacks.get(attack)))
            yield f"attack {attack} on {name}", digest(run(model, images, labels))


def of_detectors() -> Iterator[tuple[str, str]]:
    for name in zoo.detectors():
        detector = zoo.load_detector(name, "cpu")
        images = pictures(detector.classifier.name)
        yield f"detector {name}", digest(detector.score(images))
        yield f"threshold {name}", digest(detector.threshold)


def of_defenses() -> Iterator[tuple[str, str]]:
    for base in zoo.UNDEFENDED:
        model, images = zoo.load(base, "cpu"), pictures(base)
        for name in defenses.names():
            defense = defenses.create(name, **quick(defenses.get(name)))
            if defense.refusal(base):
                continue
            defended = defense(model)
            yield f"defence {name} on {base}", digest(defended.predict(images))
            with torch.no_grad():
                yield f"logits of {name} on {base}", digest(defended(images))
            x = images.clone().requires_grad_()
            (gradient,) = torch.autograd.grad(
                defended.adaptive(x).logsumexp(1).sum() - defended.adaptive(x)[:, 0].sum(), x
            )
            yield f"adaptive gradient of {name} on {base}", digest(gradient)
    for name in zoo.bundled():
        model = zoo.load(name, "cpu")
        with torch.no_grad():
            yield f"model {name}", digest(model(pictures(name)))


def of_certificates() -> Iterator[tuple[str, str]]:
    for base in zoo.UNDEFENDED:
        model, images = zoo.load(base, "cpu"), pictures(base)
        for i, image in enumerate(images):
            for sigma in (0.12, 0.25):
                found = smoothing.certify(model, image, sigma=sigma, n0=20, n=200)
                yield f"smoothing {base} {i} at {sigma}", digest(found)
        for name in ("smoothing", "pixeldp"):
            defense = defenses.create(name, n=200)
            if not defense.refusal(base):
                for i, image in enumerate(images):
                    found = defense.certificate(defense.protected(model), image[None])
                    yield f"certificate {name} on {base} {i}", digest(found)
    for counts in ([900, 80, 20], [400, 350, 250], [1000, 0, 0]):
        yield f"pixeldp of {counts}", digest(pixeldp.certificate(counts, sigma=0.3))
        yield (
            f"smoothing of {counts}",
            digest(smoothing.certificate(counts, counts, sigma=0.3, alpha=0.001)),
        )


def of_pages() -> Iterator[tuple[str, str]]:
    """Each page as it opens, and with each of its tabs open: all texts, controls and charts."""
    from streamlit.testing.v1 import AppTest
    from streamlit.util import calc_hash

    for path in sorted((ROOT / "pages").glob("*.py")):
        if path.stem == "compare_defences" and path.with_stem("compare_defenses").exists():
            continue
        page = path.stem.replace("defence", "defense")
        for model in (None, "digits-cnn"):
            test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600)
            if page != "attack":
                test.switch_page(f"pages/{path.name}")
                test._page_hash = calc_hash(page.replace("compare_defenses", "compare_defences"))
            if model:
                test.query_params["model"] = model
            test.run()
            if test.exception:
                raise RuntimeError(f"{path.name}: {test.exception}")
            yield f"page {page} {model or 'as it opens'}", "\n".join(written(test))
            for key, label in opened(test):
                test.session_state[key] = label
                test.run()
                yield f"page {page} {model or 'as it opens'}, {label}", "\n".join(written(test))


def opened(test: object) -> list[tuple[str, str]]:
    """The tabs of a page that are computed only when they are open: (key, label)."""
    found = []
    for block in walk(test.main):
        if getattr(block, "type", "") == "tab_container" and block.proto.id:
            key = block.proto.id.split("-", 2)[-1]
            found += [(key, tab.label) for tab in block.children.values()]
    return found


def walk(block: object) -> Iterator[object]:
    yield block
    for child in getattr(block, "children", {}).values():
        yield from walk(child)


def written(test: object) -> list[str]:
    """Every element of a page as a line: its kind, label, help, value and options."""
    lines = []
    for element in walk(test.main):
        parts = [getattr(element, "type", type(element).__name__)]
        for attribute in ("label", "help", "value", "options", "caption", "body"):
            try:
                value = getattr(element, attribute, None)
            except Exception:  # an element that AppTest does not know
                continue
            if value is not None and not callable(value):
                parts.append(value if isinstance(value, str) else repr(value))
        proto = getattr(element, "proto", None)
        if parts[0] == "plotly_chart":
            parts.append(proto.spec)
        elif parts[0] == "html":
            parts.append(proto.body)
        lines.append(TIMES.sub("TIME", " | ".join(parts)))
    return lines


PARTS = {
    "attacks": of_attacks,
    "detectors": of_detectors,
    "defenses": of_defenses,
    "certificates": of_certificates,
    "pages": of_pages,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("record", "compare"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as empty:
        os.environ |= {
            "ROBUST_DATA": empty,
            "TORCH_HOME": empty,
        }  # what is bundled, and nothing else
        found = {part: dict(PARTS[part]()) for part in args.only}
    for part, sums in found.items():
        print(f"{part}: {len(sums)} recorded")
    if args.what == "record":
        args.file.write_text(files.json_text(found, indent=1))
        return 0
    before, wrong = json.loads(args.file.read_text()), 0
    for part, sums in found.items():
        for name in sorted(before[part].keys() | sums.keys()):
            one, other = before[part].get(name), sums.get(name)
            if part == "pages" and one:
                one = TIMES.sub("TIME", one)
            if one != other:
                wrong += 1
                print(f"differs: {name}")
                if part == "pages" and one and other:
                    one, other = one.split("\n"), other.split("\n")
                    for line in difference(one, other):
                        print(f"    {line[:400]}")
    print("all equal" if not wrong else f"{wrong} differ")
    return 1 if wrong else 0


def difference(one: list[str], other: list[str]) -> list[str]:
    import difflib

    return [
        line
        for line in difflib.unified_diff(one, other, lineterm="", n=0)
        if line[:2] not in ("--", "++", "@@")
    ]


if __name__ == "__main__":
    sys.exit(main())
