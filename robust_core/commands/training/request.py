"""What all recipes of ``train`` share: folders, device, and how a result is handed over."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from robust_core import files, processes
from robust_core.commands import output
from robust_core.commands.output import flag


@dataclass(frozen=True, kw_only=True)
class Request:
    """The options that belong to no recipe in particular.

    ``data`` is the folder of the data sets, ``folder`` that of checkpoint and result, ``cache`` that of
    adversarial pictures; None for the usual one.
    """

    data: Path | None = None
    folder: Path | None = None
    cache: Path | None = None
    device: str | None = None
    seed: int = 0
    install: bool = False
    json: bool = False

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Request":
        return cls(
            data=args.data,
            folder=args.folder,
            cache=args.cache,
            device=args.device,
            seed=args.seed or 0,
            install=args.install,
            json=args.json,
        )

    def folder_for(self, name: str) -> Path:
        """Where checkpoint and result of ``name`` go."""
        return self.folder or Path("runs", name)

    @property
    def cache_folder(self) -> Path:
        return self.cache or Path("runs", "cache")

    @contextmanager
    def holding(self, folder: Path) -> Iterator[None]:
        """Have ``folder`` to oneself. Raises ``files.Locked`` where another training runs in it.

        Many processes at one training have it together.
        """
        if not processes.is_main():
            yield
            return
        busy = f"Another training runs in {folder}: wait for its end, or give --folder"
        with files.locked(folder / "training.lock", busy):
            yield

    def hand_over(
        self,
        folder: Path,
        name: str,
        entry: dict,
        lines: Sequence[str],
        *,
        key: str = "name",
        into: Path | None = None,
    ) -> None:
        """Install where that was asked for, and print: ``entry`` with its paths, or ``lines`` with them.

        ``into`` is the folder of the bundle, by default that of the weights.
        """
        from robust_core.training import export

        written = folder / (entry["file"] or export.ENTRY)
        place = () if into is None else (into,)
        writes = self.install and processes.is_main()
        installed = export.install(folder, name, *place) if writes else None
        processes.together()
        digest = f" (SHA-256 {entry['sha256'][:16]}...)" if entry["sha256"] else ""
        text = [*lines, f"Written: {written}{digest}"]
        if installed:
            text.append(f"Installed: {installed}")
        paths = {"weights": str(written), "installed": installed and str(installed)}
        output.emit({key: name, **entry, **paths}, self.json, "\n".join(text))


def given(args: argparse.Namespace, names: Iterable[str]) -> list[str]:
    """Those of the options that were given, as one types them."""
    values = {name: getattr(args, name) for name in names}
    return [
        flag(name) for name, value in values.items() if value is not None and value is not False
    ]
