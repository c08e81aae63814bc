"""Perturbations in files: safetensors with a record as strict JSON, checked before they are used."""

import json
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor

from robust_core import files

FORMAT = "robust-lab universal 1"
"""The one key of the metadata: of several safetensors shuffles the order, and the file with it."""
TENSOR = "delta"
REMEDY = "give a file that Universal.save wrote"
LARGEST_FILE = 64 * 2**20
"""Bytes: a perturbation of 2,000 by 2,000 RGB pixels has 48 million."""


def check_delta(delta: Tensor) -> None:
    """Raise ``ValueError`` unless it is one perturbation of finite numbers ``[1, C, H, W]``."""
    if delta.ndim < 2 or delta.shape[0] != 1 or 0 in delta.shape:
        raise ValueError(f"delta must have the shape [1, C, H, W]; got {list(delta.shape)}")
    if not delta.isfinite().all():
        raise ValueError("delta must hold finite numbers alone, no NaN")


def save(path: Path, kind: str, delta: Tensor, record: dict[str, Any]) -> None:
    """Raises ``ValueError`` for a record that is not plain, ``OSError`` where it cannot be written."""
    files.write_bytes(path, to_bytes(kind, delta, record))


def to_bytes(kind: str, delta: Tensor, record: dict[str, Any]) -> bytes:
    """The content of a file; float16 where it holds the very numbers."""
    from safetensors.torch import save as dump

    half = delta.half()
    kept = half if half.float().equal(delta) else delta
    text = files.json_text({"kind": kind, "record": record}, indent=None)
    return dump({TENSOR: kept.contiguous()}, metadata={FORMAT: text})


def content(path: Path) -> bytes:
    """The bytes of a file of a size that a perturbation may have."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(
                f"{path} is larger than {LARGEST_FILE >> 20} MiB and no perturbation: {REMEDY}"
            )
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror or error})") from error


def read(data: bytes, called: str) -> tuple[str, Tensor, dict[str, Any]]:
    """Kind, perturbation in float32 and record. Raises ``ValueError``, naming ``called``, for others."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = load(data)
        # The header is checked by now: its length in 8 bytes, then JSON.
        text = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(f"{called} is not a safetensors file ({error}): {REMEDY}") from error
    if FORMAT not in text:
        raise ValueError(f"{called} holds no perturbation of ours: {REMEDY}")
    if set(tensors) != {TENSOR} or not tensors[TENSOR].is_floating_point():
        raise ValueError(f"{called} must hold one tensor of numbers, {TENSOR}: {REMEDY}")
    delta = tensors[TENSOR].to(torch.float32)
    try:
        check_delta(delta)
        told = json.loads(text[FORMAT], parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{called} is damaged ({error}): {REMEDY}") from error
    if not (isinstance(told, dict) and isinstance(told.get("record"), dict)):
        raise ValueError(f"{called} is damaged (its record is not an object): {REMEDY}")
    return str(told.get("kind")), delta, told["record"]


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"its record has {word}, which is not JSON")
