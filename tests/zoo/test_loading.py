"""The zoo: loaded once, checked, frozen; what is wrong is said with its remedy."""

import ast
import email.message
import errno
import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from robust_core import data, defenses, zoo
from robust_core.devices import as_device
from robust_core.paths import ROOT, WEIGHTS
from robust_core.zoo import downloads, imagenet, loading, specs

PASSES = """
import resource
import torch
from robust_core import zoo
model = zoo.load("cifar10-resnet32", "cpu")
pictures = torch.zeros(64, 3, 32, 32)
with torch.no_grad():
    model(pictures)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        model(pictures)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have their own ways"
)
def test_passes_take_no_new_memory_from_the_system():
    """In a process of its own, without what conftest.py says to the allocator of this one."""
    usual = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    run = subprocess.run(
        [sys.executable, "-c", PASSES], cwd=ROOT, env=usual, capture_output=True, check=True
    )
    assert int(run.stdout) * 4096 < 64 * 2**20  # activations: 4 passes x 31 layers x 1 to 4 MB


@pytest.mark.parametrize("name", zoo.bundled())
def test_bundled_models_are_frozen_and_in_eval_mode(name):
    model = zoo.load(name, "cpu")
    assert not any(m.training for m in model.modules())
    assert not any(p.requires_grad for p in model.parameters())
    height, width = model.input_size
    logits = model(torch.rand(2, model.channels, height, width))
    assert logits.shape == (2, len(model.class_names))


@pytest.mark.parametrize("name", zoo.bundled())
def test_the_index_describes_the_file(name):
    entry = zoo.index()[name]
    content = (WEIGHTS / entry["file"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert entry["correct"] / entry["n_test"] == pytest.approx(entry["accuracy"])
    assert {"recipe", "seed", "epochs", "data", "command"} <= set(entry)
    assert zoo.load(name, "cpu").provenance.accuracy == entry["accuracy"]


def test_the_cifar10_model_is_as_good_as_its_source():
    assert zoo.index()["cifar10-resnet32"]["accuracy"] >= 0.913


def test_the_digits_model_reaches_the_accuracy_in_the_index():
    from robust_core.data import digits

    images, labels = digits.load("test")
    hits = (zoo.load("digits-cnn", "cpu")(images).argmax(1) == labels).sum().item()
    assert hits == zoo.index()["digits-cnn"]["correct"]


def test_a_model_is_loaded_once_also_by_many_threads(monkeypatch):
    monkeypatch.setattr(loading, "_loaded", {})
    loads, found = [], []
    original = loading._bundled
    monkeypatch.setattr(loading, "_bundled", lambda name: loads.append(name) or original(name))
    threads = [
        threading.Thread(target=lambda: found.append(zoo.load("digits-cnn", "cpu")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["digits-cnn"]
    assert len({id(model) for model in found}) == 1


def test_the_same_object_by_every_name_of_its_device():
    model = zoo.load("digits-cnn", "cpu")
    assert zoo.load("digits-cnn", "cpu:0") is zoo.load("digits-cnn", torch.device("cpu")) is model
    assert zoo.load("digits-cnn", as_device(None)) is zoo.load("digits-cnn")


def test_a_fresh_model_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    a, b, c = (zoo.untrained("digits-cnn", seed).network.state_dict() for seed in (1, 1, 2))
    assert torch.get_rng_state().equal(before)
    assert all(a[k].equal(b[k]) for k in a)
    assert not all(a[k].equal(c[k]) for k in a)


def test_unknown_names_and_devices():
    with pytest.raises(ValueError, match=r"model must be one of cifar10-resnet32.*got 'lenet'"):
        zoo.load("lenet")
    with pytest.raises(ValueError, match="device 'teapot' is not available"):
        zoo.load("digits-cnn", "teapot")
    with pytest.raises(ValueError, match="model must be one of"):
        zoo.describe("lenet")


@pytest.fixture
def weights(tmp_path) -> Path:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    return tmp_path / "weights"


def test_a_damaged_file(weights):
    path = weights / "digits-cnn.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        zoo.ZooError, match=r"digits-cnn\.safetensors are damaged.*python -m"
    ) as error:
        loading._bundled("digits-cnn", weights)
    assert "\n" not in str(error.value)


def test_a_missing_file(weights):
    (weights / "digits-cnn.safetensors").unlink()
    with pytest.raises(zoo.ZooError, match=r"digits-cnn\.safetensors cannot be read.*--install"):
        loading._bundled("digits-cnn", weights)


def test_a_file_that_is_no_safetensors_although_its_checksum_is_right(weights):
    (weights / "digits-cnn.safetensors").write_bytes(b"rubbish")
    entries = json.loads((weights / "index.json").read_text())
    entries["digits-cnn"]["sha256"] = hashlib.sha256(b"rubbish").hexdigest()
    (weights / "index.json").write_text(json.dumps(entries))
    with pytest.raises(zoo.ZooError, match="do not fit digits-cnn"):
        loading._bundled("digits-cnn", weights)


def test_a_damaged_or_incomplete_index(weights):
    (weights / "index.json").write_text("{}")
    with pytest.raises(zoo.ZooError, match="has no entry digits-cnn"):
        loading._bundled("digits-cnn", weights)
    for entry in ({"file": "digits-cnn.safetensors"}, {}):
        (weights / "index.json").write_text(json.dumps({"digits-cnn": entry}))
        with pytest.raises(zoo.ZooError, match=r"index\.json lacks accuracy, .*sha256.*--install"):
            loading._bundled("digits-cnn", weights)
    (weights / "index.json").write_text("[]")
    with pytest.raises(zoo.ZooError, match=r"index\.json is missing or damaged"):
        loading._bundled("digits-cnn", weights)
    (weights / "index.json").unlink()
    with pytest.raises(zoo.ZooError, match=r"index\.json is missing or damaged"):
        loading._bundled("digits-cnn", weights)
    (weights / "index.json").write_text("{")
    with pytest.raises(zoo.ZooError, match=r"index\.json is missing or damaged"):
        loading._bundled("digits-cnn", weights)


@pytest.mark.parametrize("name", zoo.names())
def test_descriptions_need_no_weights(name, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    model = zoo.describe(name)
    assert model.family == zoo.family(name)
    expected = len(data.get(model.data).class_names) if model.data else 1000
    assert len(model.class_names) == len(set(model.class_names)) == expected
    assert model.resize >= max(model.input_size)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", zoo.bundled())
def test_every_model_can_be_built_without_weights(name):
    model = zoo.untrained(name).eval()
    height, width = model.input_size
    logits = model(torch.rand(2, model.channels, height, width))
    assert logits.shape == (2, len(zoo.describe(name).class_names))
    assert logits.isfinite().all()
    assert model.name == name


@pytest.mark.parametrize("name", specs.MODELS.names())
def test_a_skeleton_takes_no_memory(name):
    assert all(tensor.is_meta for tensor in zoo.skeleton(name).state_dict().values())


def test_a_defence_is_listed_once_the_index_has_it(weights_folder):
    name = "digits-cnn-pgd-at"
    entries = {n: e for n, e in zoo.index().items() if n in zoo.UNDEFENDED}
    path = weights_folder / "index.json"
    path.write_text(json.dumps(entries))
    undefended = [*zoo.UNDEFENDED]
    assert zoo.bundled() == undefended
    assert name not in zoo.names()
    with pytest.raises(zoo.ZooError, match=f"no entry {name}.*train {name} --install"):
        zoo.load(name, "meta")
    path.write_text(json.dumps(entries | {name: entries["digits-cnn"]}))
    assert zoo.bundled() == [*undefended, name]
    assert zoo.names()[: len(undefended) + 1] == [*undefended, name]
    path.write_text("{")  # what is wrong is said when a model is loaded
    assert zoo.bundled() == undefended


def test_imagenet_models_offline(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", offline)
    name = "imagenet-squeezenet1_0"
    assert not zoo.is_local(name)
    with pytest.raises(zoo.ZooError, match=r"no route to host.*such as imagenette-resnet"):
        zoo.load_with_progress(name, lambda done, total: None)


def test_imagenet_models_without_a_folder_to_keep_them(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    with pytest.raises(zoo.ZooError, match=r"cannot be written to .*TORCH_HOME.*imagenette-resnet"):
        zoo.load("imagenet-squeezenet1_0", "cpu")


def offline(*args, **kwargs):
    raise urllib.error.URLError("no route to host")


def test_a_folder_of_others_is_said_and_not_the_connection(forbidden, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(forbidden))
    monkeypatch.setattr("torch.hub.urlopen", offline)
    name = "imagenet-squeezenet1_0"
    assert not zoo.is_local(name)
    with pytest.raises(
        zoo.ZooError, match=r"cannot be written to \(Permission.*TORCH_HOME"
    ) as told:
        zoo.load_with_progress(name, lambda done, total: None)
    assert "connection" not in str(told.value)


class Answer(io.BytesIO):
    """What a network's own page sends for any address; ``error`` is raised in the middle."""

    headers: dict[str, str] = {}
    error: Exception | None = None

    def info(self):
        return email.message.Message()

    def read(self, *args):
        if self.error:
            raise self.error
        return super().read(*args)


def test_a_sign_in_page_is_not_the_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", lambda *a, **k: Answer(b"<!DOCTYPE html>" * 300))
    with pytest.raises(zoo.ZooError, match=r"download\.pytorch\.org is not the weights.*sign in"):
        zoo.load("imagenet-squeezenet1_0", "cpu")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_disk_that_fills_up_is_said_and_not_the_connection(monkeypatch, tmp_path):
    full = Answer()
    full.error = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", lambda *a, **k: full)
    with pytest.raises(zoo.ZooError, match="There is no room for the weights of") as told:
        zoo.load("imagenet-squeezenet1_0", "cpu")
    assert "connection" not in str(told.value)


def test_imagenet_models_are_kept_in_the_cache_where_there_is_no_home(monkeypatch, tmp_path):
    monkeypatch.setattr("torch.hub.get_dir", lambda: "~/.cache/torch/hub")  # what torch then says
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tmp_path in zoo.checkpoint_path("imagenet-vgg11").parents


def test_imagenet_models_with_a_damaged_file(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    path = zoo.checkpoint_path("imagenet-squeezenet1_0")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a checkpoint")
    assert zoo.is_local("imagenet-squeezenet1_0")
    with pytest.raises(zoo.ZooError, match=r"squeezenet1_0.*damaged.*Delete that file"):
        zoo.load("imagenet-squeezenet1_0", "cpu")


def test_imagenet_models_with_weights_of_the_right_form(monkeypatch, tmp_path):
    """torchvision's loader, transforms and class names, on random weights in its cache folder."""
    import torchvision

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(loading, "_loaded", {})
    path = zoo.checkpoint_path("imagenet-squeezenet1_0")
    path.parent.mkdir(parents=True)
    torch.save(torchvision.models.squeezenet1_0().state_dict(), path)
    with pytest.raises(zoo.ZooError, match=r"squeezenet1_0.*damaged.*Delete that file"):
        zoo.load("imagenet-squeezenet1_0", "cpu")
    monkeypatch.setattr(imagenet, "official", lambda path: True)
    model = zoo.load("imagenet-squeezenet1_0", "cpu")
    assert model.input_size == (224, 224)
    assert model.class_names[281] == "tabby"
    assert model(torch.rand(1, 3, 224, 224)).shape == (1, 1000)


class SmallVGG(nn.Module):
    """Laid out as torchvision's VGG16, with two maps wherever that has more."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [n if n == "M" else 2 for n in torchvision.models.vgg.cfgs["D"]]
        self.features = torchvision.models.vgg.make_layers(sizes)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Linear(2 * 7 * 7, 1000)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def test_vgg16_of_ten_classes_keeps_ten_logits_of_the_same_download(monkeypatch, tmp_path):
    name = "imagenet10-vgg16"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(loading, "_loaded", {})
    monkeypatch.setattr(torchvision.models, "vgg16", SmallVGG)
    path = zoo.checkpoint_path(name)
    assert path == zoo.checkpoint_path("imagenet-vgg16")
    path.parent.mkdir(parents=True)
    torch.save(SmallVGG().state_dict(), path)
    with pytest.raises(zoo.ZooError, match=r"vgg16-397923af\.pth are damaged.*Delete that file"):
        zoo.load(name, "cpu")
    monkeypatch.setattr(imagenet, "official", lambda path: True)
    ten, whole = zoo.load(name, "cpu"), zoo.load("imagenet-vgg16", "cpu")
    described = zoo.describe(name)
    assert described.data == described.family == "imagenette"
    assert ten.class_names == described.class_names == data.get("imagenette").class_names
    assert (ten.input_size, ten.resize) == (described.input_size, described.resize)
    assert (ten.input_size, ten.resize) == (whole.input_size, whole.resize)
    assert ten.mean.equal(whole.mean)
    assert ten.std.equal(whole.std)
    assert ten.provenance.accuracy is None  # torchvision's is that of 1,000 classes
    picture = torch.rand(1, 3, 224, 224)
    kept = [whole.index_of(synset) for synset in ten.synsets]
    assert ten(picture).equal(whole(picture)[:, kept])
    fresh = zoo.untrained(name)
    assert (fresh.input_size, fresh.resize) == (ten.input_size, ten.resize)
    assert fresh.mean.equal(ten.mean)
    assert fresh.std.equal(ten.std)
    assert fresh.synsets == ten.synsets == defenses.create("jpeg")(ten).synsets


@pytest.mark.parametrize("name", zoo.IMAGENET)
def test_what_is_said_of_a_model_without_torchvision_is_what_torchvision_says(name):
    weights = zoo.imagenet_weights(name)
    assert zoo.checkpoint_path(name).name == weights.url.rpartition("/")[2]
    assert zoo.IMAGENET[name].megabytes == weights.meta["_file_size"]


def test_an_imagenet_checkpoint_is_hashed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    content = b"weights"
    path = tmp_path / f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    path.write_bytes(content)
    assert imagenet.official(path)
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", None)
        assert imagenet.official(path)
    path.write_bytes(b"other weights")
    os.utime(path, ns=(1, 1))
    assert not imagenet.official(path)


@pytest.mark.parametrize(
    "file",
    ["../digits-cnn.safetensors", "/etc/passwd", "a/b", "..", "", "C:x", "a\\b", 7],
)
def test_weights_lie_beside_the_index(weights, file):
    entries = json.loads((weights / "index.json").read_text())
    entries["digits-cnn"]["file"] = file
    (weights / "index.json").write_text(json.dumps(entries))
    with pytest.raises(zoo.ZooError, match="only a file beside the index"):
        loading._bundled("digits-cnn", weights)


def python_files() -> list[Path]:
    folders = ("robust_core", "pages", "benchmarks")
    return [ROOT / "app.py", *(f for d in folders for f in (ROOT / d).rglob("*.py"))]


def test_nothing_is_ever_unpickled():
    """Whatever loads a checkpoint passes ``weights_only=True``; nothing imports pickle."""
    loaders = {"torch.load", "load_state_dict_from_url", "get_state_dict"}
    seen = 0
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules = [a.name for a in node.names] + [getattr(node, "module", None) or ""]
                assert not {"pickle", "joblib", "dill", "cloudpickle"} & set(modules), path
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if not {called, called.split(".")[-1]} & loaders:
                continue
            seen += 1
            safe = {k.arg: ast.unparse(k.value) for k in node.keywords}
            assert safe.get("weights_only") == "True", f"{path}:{node.lineno}"
    assert seen >= 2


def test_unknown_names_are_named():
    for ask in (zoo.is_local, zoo.download_size):
        with pytest.raises(ValueError, match="model must be one of"):
            ask("resnet9000")


@pytest.mark.parametrize("name", zoo.bundled())
def test_a_bundled_model_needs_no_download(name):
    assert zoo.is_local(name)
    assert zoo.download_size(name) == 0


def test_bundled_models_are_known_by_name_as_before():
    assert list(zoo.BUNDLED) == zoo.bundled()
    assert all(name == known.name for name, known in zoo.BUNDLED.items())
    with pytest.raises(AttributeError, match="BUNDLE"):
        zoo.BUNDLE  # noqa: B018


def test_stopping_the_wait_stops_the_download(monkeypatch):
    begun, ended = threading.Event(), threading.Event()

    def endless(name):
        begun.set()
        try:
            for _ in range(2000):
                time.sleep(0.005)  # a read from the network
        finally:
            ended.set()

    def stop(done, total):
        assert begun.wait(10)
        raise KeyError("the visitor stops")

    monkeypatch.setattr(downloads, "load", endless)
    with pytest.raises(KeyError):
        zoo.load_with_progress("imagenet-resnet50", stop)
    assert ended.wait(5)
