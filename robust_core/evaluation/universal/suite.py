"""``evaluate --suite universal``: what is measured, as rows that are each made once.

All fits are to training pictures, all figures on test pictures.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from robust_core import zoo
from robust_core.attacks.universal.fitted import Universal
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.classifier import Classifier
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.suites import UNIVERSAL
from robust_core.evaluation.universal import placing
from robust_core.evaluation.universal.bundle import CIFAR, PHOTOS, RECIPES
from robust_core.evaluation.universal.fooling import answers, of_perturbation, sign_noise
from robust_core.evaluation.universal.recipes import EPS, UniversalRecipe, fit, training_pictures
from robust_core.files import json_text
from robust_core.progress import Pieces
from robust_core.zoo.bundled_universals import entry_of

NAME = UNIVERSAL
FEW, MANY, PASTED = 1000, None, 500
"""Test pictures of the wide tables, of the figures that count: all, and of each area of a patch."""
SEEDS = (0, 1, 2)
EPS_255 = (2, 4, 6, 8, 10, 12)
SIZES = (50, 200, 500, 1000, 2000)
NOISE = "noise"
Control = Literal["fitted", "noise", "object"]


@dataclass(frozen=True)
class Question:
    """One row: its ``part``, the recipe (``attack`` "noise": random signs, fitted to nothing), how it is
    asked. ``model`` is the network that is asked, by default the one fitted to."""

    part: str
    fitted_to: str
    data: str
    attack: str
    eps: float | None = EPS
    seed: int = 0
    n_fit: int = 1000
    tested: int | None = MANY
    model: str = ""
    target: int | None = None
    what: Control = "fitted"

    @property
    def asked(self) -> str:
        return self.model or self.fitted_to

    @property
    def identity(self) -> dict[str, Any]:
        """What tells a row from the others, in the row."""
        return asdict(self) | {"model": self.asked}

    @property
    def patch(self) -> str:
        """The name of the bundled patch that a row of patches is about."""
        return f"{self.fitted_to}-patch"

    def weights(self) -> dict[str, str | None]:
        """SHA-256 of the files that the row is made from, by name: the networks, and its patch.

        None for what is not bundled. Raises ``ZooError`` where an index is damaged.
        """
        names = {self.fitted_to, self.asked} | ({self.patch} if self.attack == "patch" else set())
        found = bundled()
        return {name: found.get(name) for name in sorted(names)}


def bundled() -> dict[str, str | None]:
    """SHA-256 of the bundled networks, perturbations and patches, by name."""
    networks = {name: entry.get("sha256") for name, entry in zoo.index().items()}
    return networks | {name: entry_of(name)["sha256"] for name in zoo.universals()}


def fooling_rows() -> Iterator[Question]:
    """The three seeds of each attack, and of random signs, on all test pictures."""
    for attack in (NOISE, "uap-sgd", "uap"):
        for seed in SEEDS:
            yield Question("fooling", CIFAR, "cifar10", attack, seed=seed)


def eps_rows() -> Iterator[Question]:
    for steps in EPS_255:
        for attack in (NOISE, "uap-sgd"):
            yield Question("eps", CIFAR, "cifar10", attack, steps / 255, tested=FEW)


def size_rows() -> Iterator[Question]:
    for n in SIZES:
        yield Question("sizes", CIFAR, "cifar10", "uap-sgd", n_fit=n, tested=FEW)


def transfer_rows() -> Iterator[Question]:
    """What was fitted to the undefended network, on all stored networks for CIFAR-10."""
    for model in zoo.bundled():
        if zoo.describe(model).data == "cifar10":
            for attack in (NOISE, "uap-sgd", "uap"):
                yield Question("transfer", CIFAR, "cifar10", attack, tested=FEW, model=model)


def photograph_rows() -> Iterator[Question]:
    for attack in (NOISE, "uap-sgd", "uap"):
        yield Question("photographs", PHOTOS, "imagenette", attack)


def patch_rows() -> Iterator[Question]:
    """The bundled patches and their controls of the same size."""
    for model in (PHOTOS, CIFAR):
        recipe = RECIPES[f"{model}-patch"]
        for what in ("fitted", "noise", "object"):
            yield Question(
                "patches",
                model,
                recipe.data,
                "patch",
                None,
                n_fit=recipe.n,
                tested=PASTED,
                target=recipe.target,
                what=what,
            )


PARTS: dict[str, Callable[[], Iterator[Question]]] = {
    "fooling": fooling_rows,
    "photographs": photograph_rows,
    "patches": patch_rows,
    "eps": eps_rows,
    "sizes": size_rows,
    "transfer": transfer_rows,
}
HEAT_PICTURES = 200


class Bench:
    """Networks, pictures, clean answers and fits, each made once; ``limit`` caps the test pictures.

    ``fits`` is a folder in which what was fitted is kept for the next call, None for none.
    ``tell(what, k, n)`` is called as the work goes on.
    """

    def __init__(
        self,
        device: str | None,
        limit: int | None,
        tell: Pieces | None = None,
        fits: Path | None = None,
    ) -> None:
        self.fits = fits
        self.device = device
        self.limit = limit
        self.tell = tell or (lambda what, k, n: None)
        self._test: dict[tuple, tuple[Tensor, Tensor]] = {}
        self._clean: dict[tuple, Tensor] = {}
        self._fitted: dict[Question, Universal] = {}

    def answer(self, question: Question) -> dict[str, Any]:
        """The row."""
        model = zoo.load(question.asked, self.device)
        images, labels = self._pictures(question)
        row = question.identity | {"weights": question.weights()}
        if question.attack == "patch":
            return row | self._patch(question, model, images, labels)
        universal = self._universal(question)
        key = (question.asked, len(labels))
        if key not in self._clean:
            self._clean[key] = answers(model, images)
        found = of_perturbation(
            model, universal, images, labels, self._clean[key], self._counter(question, len(labels))
        )
        about = {
            k: universal.record.get(k) for k in ("curve", "parameters", "queries", "gradients")
        }
        return row | found | about

    def _pictures(self, question: Question) -> tuple[Tensor, Tensor]:
        limits = [n for n in (question.tested, self.limit) if n is not None]
        key = (question.data, min(limits, default=None))
        if key not in self._test:
            model = zoo.load(question.fitted_to, self.device)
            self._test[key] = load_test_set(key[0], model, key[1])
        return self._test[key]

    def _universal(self, question: Question) -> Universal:
        asked = replace(question, part="", model="", tested=None)
        if asked not in self._fitted:
            self._fitted[asked] = self._fit(asked)
        return self._fitted[asked]

    def _fit(self, question: Question) -> Universal:
        model = zoo.load(question.fitted_to, self.device)
        assert question.eps is not None
        if question.attack == NOISE:
            size = (model.channels, *model.input_size)
            return sign_noise(size, question.eps, question.seed)
        parameters = {"eps": question.eps, "seed": question.seed}
        recipe = UniversalRecipe(
            question.fitted_to, question.data, question.attack, parameters, question.n_fit
        )
        kept = self._kept(recipe, model)
        if kept is not None and kept.is_file():
            return Universal.load(kept)
        pictures = training_pictures(recipe.data, model, recipe.n)
        passes, done = recipe.method().parameters["passes"], []

        def observer(delta: Tensor, rate: Tensor) -> None:
            done.append(rate)
            self.tell(f"fit {question.attack}", len(done), passes)

        found = fit(recipe, model, *pictures, observer)
        if kept is not None:
            found.save(kept)
        return found

    def _kept(self, recipe: UniversalRecipe, model: Classifier) -> Path | None:
        """Where a fit is kept: the name has a digest of all that it depends on but the code."""
        if self.fits is None:
            return None
        about = [asdict(recipe), recipe.method().parameters, model.provenance.details.get("sha256")]
        digest = sha256(json_text(about).encode()).hexdigest()[:16]
        return self.fits / f"{recipe.model}-{recipe.attack}-{digest}.safetensors"

    def _patch(
        self, question: Question, model: Classifier, images: Tensor, labels: Tensor
    ) -> dict[str, Any]:
        fitted = zoo.load_universal(question.patch)
        target = question.target
        assert isinstance(fitted, PatchUniversal)
        assert target is not None
        patch = fitted
        if question.what == "noise":
            patch = placing.noise_patch(fitted, question.seed)
        elif question.what == "object":
            patch = placing.object_patch(fitted, model, images, labels, target)
        count = self._counter(question, len(labels) * (1 + len(placing.AREAS)))
        few = slice(min(HEAT_PICTURES, len(labels)))
        found = placing.success(model, patch, images, labels, target, progress=count)
        found["curve"] = placing.area_curve(model, patch, images, labels, target, progress=count)
        if question.what == "fitted":
            found["heat"] = placing.heat_map(model, patch, images[few], labels[few], target)
            found["heat_pictures"] = len(placing.others(labels[few], target))
        return found | {"side": patch.side, "shape": patch.record["shape"]}

    def _counter(self, question: Question, total: int) -> Callable[[int], None]:
        done = [0]

        def count(pictures: int) -> None:
            done[0] += pictures
            self.tell(f"{question.part} {question.attack}", min(done[0], total), total)

        return count
