"""A model of the user's own becomes a ``Classifier``: from an ONNX file, or from weights and a name.

Why the conversion is the project's own: onnx2torch 1.5.15 (2024), the converter that is kept best, has
no entry for operators of version 18 and above (Identity 19, ReduceMean 18, Shape 19), which the exporter of
torch 2.15 writes by default, so that it refused each of 25 exports of 13 networks of torchvision.
The operators of ``operators/`` read all 25, with logits within 1e-4 of onnxruntime's.
"""

import math
from collections.abc import Sequence
from pathlib import Path

from robust_core.classifier import Classifier, Provenance
from robust_core.zoo.imagenet import unique
from robust_core.zoo.own.checking import LARGEST, Checked, checked, content_of, plain_name


def load(
    source: str | Path | bytes,
    *,
    class_names: Sequence[str] | None = None,
    input_size: tuple[int, int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    architecture: str | None = None,
    name: str | None = None,
    limit: int = LARGEST,
) -> Classifier:
    """The classifier in a file, on the CPU, in eval mode, with frozen weights.

    Args:
        source: an ONNX or safetensors file, or its bytes. Pickles (.pt, .pth) are refused.
        class_names: one for each logit; by default "class 0", "class 1", ...
        input_size: height and width, where the file leaves them open.
        mean, std: the normalisation ``(x - mean) / std`` of each channel, for pixels in [0, 1]; by default
            none. Leave it out where the file itself normalises. See ``compare_normalisations``.
        architecture: for safetensors, a classifier of torchvision ("resnet18"), or "timm:NAME".
        name: what it is called; by default the file's name.
        limit: the largest file, in bytes.

    Raises:
        ValueError: the file is not a usable classifier, or an argument does not fit it, in one sentence.
    """
    if name is None:
        name = "own-model" if isinstance(source, bytes) else plain_name(str(source))
    found = checked(content_of(source, limit), architecture, input_size)
    return classifier(found, name, class_names, mean, std, architecture)


def classifier(
    found: Checked,
    name: str,
    class_names: Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    architecture: str | None = None,
) -> Classifier:
    """A checked network with what its user says about it. Raises ``ValueError`` where that does not fit."""
    means, stds = normalisation_of(mean, std, found.channels)
    model = Classifier(
        found.network,
        name=name,
        class_names=names_for(class_names, found.classes),
        input_size=found.size,
        mean=means,
        std=stds,
        provenance=Provenance(
            data="not known: a model of your own",
            source=f"SHA-256 {found.sha256[:12]}" + (f", {architecture}" if architecture else ""),
            details={
                "sha256": found.sha256,
                "notes": list(found.notes),
                "work": found.work,
                "values": found.values,
            },
        ),
    )
    return model.eval().requires_grad_(False)


def names_for(names: Sequence[str] | None, classes: int) -> tuple[str, ...]:
    """A name for each class. Raises ``ValueError`` for another number of them, and empty ones; equal
    ones get their number: ImageNet has two cranes."""
    if names is None:
        return tuple(f"class {k}" for k in range(classes))
    names = tuple(str(name).strip() for name in names)
    if len(names) != classes:
        raise ValueError(
            f"The network tells {classes:,} classes apart; {len(names):,} class names were given"
        )
    if not all(names):
        raise ValueError(f"The name of class {names.index('')} is empty")
    return unique(list(names))


def normalisation_of(
    mean: Sequence[float] | None, std: Sequence[float] | None, channels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """One mean and one deviation for each channel; 0 and 1 where none are given.

    Raises ``ValueError`` for other numbers of them, and for values that cannot normalise pixels in [0, 1].
    """
    means = tuple(map(float, mean)) if mean is not None else (0.0,) * channels
    stds = tuple(map(float, std)) if std is not None else (1.0,) * channels
    for called, values in (("mean", means), ("std", stds)):
        if len(values) != channels:
            raise ValueError(
                f"{called} must have one value for each of the {channels} channels; got {len(values)}"
            )
        if not all(map(math.isfinite, values)):
            raise ValueError(f"{called} must be finite numbers; got {list(values)}")
    if min(stds) <= 0:
        raise ValueError(f"std must be above 0; got {list(stds)}")
    if max(map(abs, means)) > 2 or max(stds) > 10:
        raise ValueError(
            "mean and std are for pixels in [0, 1]: divide those for 0 to 255 by 255 (123.7 is 0.485)"
        )
    return means, stds
