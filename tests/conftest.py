"""What many tests share: linear models with closed forms, the bundled models, random pictures."""

import gc
import hashlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from xdist.scheduler import LoadFileScheduling

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.data import digits
from robust_core.data.fitting import fit, to_tensor
from robust_core.detectors import FeatureSqueezing, Subnetwork
from robust_core.detectors.squeezers import squeezer
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.paths import WEIGHTS
from robust_core.training.export import install, rounded_weights, write_export
from robust_core.training.recipes import DetectorRecipe
from robust_core.zoo import loading, weights
from tests.live import serving

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]

FIRST = ("browser", "pages", "commands", "test_server.py")
"""Folders and files with the longest tests: begun first, so that no worker ends with them alone."""

# Whatever this machine's setting: else each program that a test starts compiles the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Of the workers and of what tests start: glibc keeps what is freed, in large pages, and does not give
# the memory of tensors back to the system only to take it again.
os.environ.setdefault(
    "GLIBC_TUNABLES",
    f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={2**30}:glibc.malloc.trim_threshold={2**30}",
)

# Each worker has one core; and on small networks two threads mostly wait for each other.
torch.set_num_threads(1)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker for each core, four at most; none for single files, which are done before one starts."""
    folders = [a for a in config.args if Path(a.split("::")[0]).is_dir()]
    return min(4, os.cpu_count() or 1) if folders else 0


class Together(LoadFileScheduling):
    """Whole files to a worker, and all in the browser to one: one server and one browser, already warm."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if "/browser/" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Together | None:
    """On two cores; on more, that one worker would be the last by far."""
    return Together(config, log) if len(config.option.tx) <= 2 else None


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first. With ``--dist loadfile`` a worker runs whole files, and shares what they made.

    What is marked slow is left out unless ``-m`` names it.
    """
    if "slow" not in config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    tests = Path(__file__).parent
    last = len(FIRST)

    def turn(item: pytest.Item) -> int:
        place = item.path.relative_to(tests).parts[0]
        return FIRST.index(place) if place in FIRST else last

    items.sort(key=turn)


@pytest.fixture
def forbidden(tmp_path) -> Iterator[Path]:
    """A folder that may not be entered; root, who may enter all, is somebody else meanwhile."""
    if not hasattr(os, "seteuid"):
        pytest.skip("this system has other rights")
    folder = tmp_path / "forbidden"
    folder.mkdir()
    folder.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.chmod(0o700)


@pytest.fixture(scope="session")
def address(tmp_path_factory) -> Iterator[str]:
    """``host:port`` of the server that all tests of this process share."""
    with serving(tmp_path_factory.mktemp("server")) as address:
        yield address


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    """The CPU, and a GPU where there is one."""
    return request.param


class Linear(nn.Module):
    """Logits ``pixels @ weight.T`` of pictures of ``shape``: gradients do not depend on the picture."""

    def __init__(self, classes: int, shape: tuple[int, ...], dtype: torch.dtype, seed: int) -> None:
        super().__init__()
        size = torch.Size(shape).numel()
        generator = torch.Generator().manual_seed(seed)
        weight = torch.randn(classes, size, generator=generator, dtype=torch.float64)
        self.weight = nn.Parameter(weight.to(dtype))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight.T


@pytest.fixture(scope="session")
def linear() -> Callable[..., Linear]:
    """``linear(classes=2, shape=(3, 5, 7), dtype=torch.float64, seed=0)``: a linear model."""

    def make(classes=2, shape=(3, 5, 7), dtype=torch.float64, seed=0) -> Linear:
        return Linear(classes, shape, dtype, seed)

    return make


@pytest.fixture(scope="session")
def pictures() -> Callable[..., Tensor]:
    """``pictures(n, shape, dtype, low, high, seed)``: random pixels, at first away from 0 and 1."""

    def make(n=6, shape=(3, 5, 7), dtype=torch.float64, low=0.3, high=0.7, seed=0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        values = torch.rand(n, *shape, generator=generator, dtype=torch.float64)
        return (low + (high - low) * values).to(dtype)

    return make


@pytest.fixture(scope="session")
def digits_model():
    """The bundled network for digits, on the CPU: shared, frozen, in eval mode."""
    return zoo.load("digits-cnn", "cpu")


@pytest.fixture(scope="session")
def softmax_model(digits_model) -> Classifier:
    """The same network with a softmax at its end: it answers with probabilities."""
    model = Classifier(
        nn.Sequential(digits_model.network, nn.Softmax(1)),
        name="digits-softmax",
        class_names=digits_model.class_names,
        input_size=digits_model.input_size,
        mean=tuple(digits_model.mean.flatten().tolist()),
        std=tuple(digits_model.std.flatten().tolist()),
    )
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def digits_test() -> tuple[Tensor, Tensor]:
    """The 450 test digits, ``[450, 1, 8, 8]``, and their labels."""
    return digits.load("test")


@pytest.fixture(scope="session")
def digit_pictures(digits_test) -> tuple[Tensor, Tensor]:
    """The first 100 test digits and their labels."""
    return tuple(x[:100] for x in digits_test)


@pytest.fixture(scope="session")
def cat() -> Tensor:
    """scikit-image's photograph of a cat as the CIFAR models see it, ``[1, 3, 32, 32]``."""
    from skimage.data import chelsea

    return to_tensor(fit(chelsea(), size=(32, 32), resize=32, channels=3, how="crop"))


@pytest.fixture(scope="session")
def resnet():
    """The bundled ResNet-32 for CIFAR-10, on the CPU: shared, frozen, in eval mode."""
    return zoo.load("cifar10-resnet32", "cpu")


@pytest.fixture(scope="session")
def classifiers_files(tmp_path_factory) -> Path:
    """A folder with the weights of all bundled classifiers."""
    folder = tmp_path_factory.mktemp("classifiers")
    for entry in weights.index(WEIGHTS).values():
        if entry["file"] and "kind" not in entry:
            shutil.copy2(WEIGHTS / entry["file"], folder)
    return folder


@pytest.fixture
def weights_folder(classifiers_files, tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder of weights with the bundled classifiers and no detectors, in place of the real one.

    All tests share the files, as copies are slow: a test replaces a file, and does not write into it.
    """
    folder = tmp_path / "weights"
    shutil.copytree(classifiers_files, folder, copy_function=os.link)
    classifiers = {n: e for n, e in weights.index(WEIGHTS).items() if "kind" not in e}
    (folder / "index.json").write_text(json.dumps(classifiers))
    monkeypatch.setattr(weights, "WEIGHTS", folder)
    monkeypatch.setattr(loading, "_detectors", {})
    before = _states(classifiers_files)
    yield folder
    assert _states(classifiers_files) == before, "a test wrote into weights that all tests share"


def _states(folder: Path) -> dict[str, tuple[int, int]]:
    """When each file was last written, and how long it is."""
    stats = {path.name: path.stat() for path in folder.iterdir()}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


@pytest.fixture
def bundle(weights_folder, resnet, tmp_path) -> Callable[..., str]:
    """``bundle(name, seed=0, **entry)``: put a random detector into ``weights_folder``; gives its name.

    Its thresholds and statistics are those of fresh weights: what it says means nothing.
    """
    from safetensors.torch import save

    def make(name="cifar10-resnet32-ad2-bim-2-255", *, seed=0, point="AD(2)", **changes) -> str:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            content = save(rounded_weights(build(ResNet32, point)))
        entry = {
            "kind": "detector",
            "method": "subnetwork",
            "model": resnet.name,
            "file": f"{name}.safetensors",
            "sha256": hashlib.sha256(content).hexdigest(),
            "threshold": 0.5,
            "false_positive_rate": 0.05,
            "n_calibration": 2500,
            "point": point,
            "adversary": "bim",
            "eps": 2 / 255,
            "data": "CIFAR-10",
            "command": "python -m robust_core train detector --adversary bim",
            "recipe": asdict(
                DetectorRecipe(resnet.name, weights.fingerprint(resnet), point, "bim")
            ),
            "n": 100,
            "epochs": 20,
        }
        write_export(tmp_path / "export", name, entry | changes, content)
        install(tmp_path / "export", name, weights_folder)
        return name

    return make


@pytest.fixture
def masked(weights_folder, resnet, tmp_path, monkeypatch) -> str:
    """The ResNet-32 as distillation leaves it: logits 100 times as large, under the name of that defence.

    Its gradients through softmax vanish, while every answer is that of the undefended model.
    """
    from safetensors.torch import save

    name = "cifar10-resnet32-distilled-t100"
    monkeypatch.setattr(loading, "_loaded", dict(loading._loaded))  # which is to forget it
    tensors = rounded_weights(resnet.network)
    last = list(tensors)[-2:]
    content = save({k: 100 * v if k in last else v for k, v in tensors.items()})
    entry = weights.index(weights_folder)[resnet.name]
    entry |= {"file": f"{name}.safetensors", "sha256": hashlib.sha256(content).hexdigest()}
    write_export(tmp_path / "masked", name, entry, content)
    install(tmp_path / "masked", name, weights_folder)
    return name


@pytest.fixture
def three_detectors(resnet):
    """Two subnetworks at different points, and one of another method."""
    made = {}
    for seed, point in enumerate(("AD(0)", "AD(2)")):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            subnetwork = build(ResNet32, point)
        made[point] = Subnetwork(resnet, subnetwork, point=point, name=point)
    squeezing = FeatureSqueezing(resnet, [squeezer("bits-2")], name="squeezing", threshold=0.3)
    return made | {"squeezing": squeezing}


@pytest.fixture
def interrupt_at():
    """``with interrupt_at(Trainer, 3): ...``: Ctrl-C in the middle of step 3, counted from 0."""

    @contextmanager
    def interrupting(kind: type, number: int):
        step, done = kind.step, itertools.count()

        def interrupted(self, *arguments):
            if next(done) == number:
                raise KeyboardInterrupt
            return step(self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "step", interrupted)
            yield

    return interrupting


@pytest.fixture
def few_digits(monkeypatch):
    """``few_digits(train=64, test=40)``: there are no more of them from here on."""
    whole = digits.load

    def shorten(**count: int) -> None:
        def load(split: str):
            images, labels = whole(split)
            return images[: count[split]], labels[: count[split]]

        monkeypatch.setattr(digits, "load", load)

    return shorten
