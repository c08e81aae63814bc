"""Whole networks: equal logits, derivatives, batches, verification; and what is asked of the user."""

import json

import pytest
import torch
from safetensors.torch import save
from torch import nn

from robust_core import attacks, verification
from robust_core.models import DigitsMLP
from robust_core.zoo import own
from robust_core.zoo.own.trial import OneByOne
from tests.onnx_files import answers, classifier, exported, graph, node
from tests.zoo.own.networks import seeded, vit


def small(kind: str) -> tuple[nn.Module, int]:
    """A network of torchvision with few classes, and the side of its pictures."""
    from torchvision import models
    from torchvision.models import resnet

    if kind == "vit":
        return vit(), 16
    if kind == "resnet":
        return seeded(models.ResNet, resnet.BasicBlock, [1, 1, 1, 1], num_classes=10), 32
    if kind == "vgg":
        layers = models.vgg.make_layers([8, "M", 16, "M"], batch_norm=True)
        return nn.Sequential(seeded(lambda: layers), nn.Flatten(), seeded(nn.Linear, 256, 10)), 16
    build = {"mobilenet_v2": models.mobilenet_v2, "mobilenet_v3": models.mobilenet_v3_small}[kind]
    return seeded(build, num_classes=10), 32


@pytest.mark.parametrize("kind", ["resnet", "vgg", "mobilenet_v2", "mobilenet_v3", "vit"])
def test_the_families_give_the_logits_of_their_makers(kind):
    network, side = small(kind)
    content = exported(network, (3, side, side))
    model = own.load(content, mean=(0.5,) * 3, std=(0.5,) * 3)
    images = torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(1))
    normalised = (images - 0.5) / 0.5
    scale = network(normalised).abs().max().item()
    assert not isinstance(model.network, OneByOne)
    assert (model(images) - network(normalised)).abs().max() < 1e-4 * scale
    assert (model(images) - answers(content, normalised)).abs().max() < 1e-4 * scale
    assert torch.allclose(model(images)[2:3], model(images[2:3]), atol=1e-5 * scale)
    x = images.clone().requires_grad_()
    y = images.clone().requires_grad_()
    (ours,) = torch.autograd.grad(model(x)[:, 0].sum(), x)
    (theirs,) = torch.autograd.grad(network((y - 0.5) / 0.5)[:, 0].sum(), y)
    assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))


def test_one_picture_at_a_time_where_the_file_says_so():
    network = vit()
    model = own.load(exported(network, (3, 16, 16), any_number=False))
    images = torch.rand(3, 3, 16, 16)
    assert isinstance(model.network, OneByOne)
    assert torch.allclose(model(images), network(images), atol=1e-5)
    (note,) = model.provenance.details["notes"]
    assert "one picture" in note
    assert "dynamic_axes" in note


def test_a_last_softmax_is_left_out():
    weights = torch.linspace(-1, 1, 4 * 192).reshape(4, 192).numpy()
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w", "l", transB=1), node("Softmax", "l")]
    content = graph(nodes, {"w": weights}).SerializeToString()
    model = own.load(content)
    images = torch.rand(2, 3, 8, 8)
    assert torch.allclose(model(images).softmax(1), answers(content, images), atol=1e-6)
    assert (model(images).abs().amax(1) > 1).all()
    assert "softmax" in model.provenance.details["notes"][0].lower()


def test_what_compiles_is_verified_as_the_network_itself(digits_model, digit_pictures):
    network = seeded(DigitsMLP)
    images, labels = (x[:6] for x in digit_pictures)
    model = own.load(exported(network, (1, 8, 8)))
    assert model.channels == 1
    for method in ("ibp", "crown"):
        ours = verification.verify(model, images, labels, 0.01, method)
        theirs = verification.verify(network, images, labels, 0.01, method)
        assert ours.status == theirs.status
        assert torch.allclose(ours.lower, theirs.lower, atol=1e-4, equal_nan=True)


def test_an_attack_finds_what_it_finds_on_the_network_itself():
    network = vit()
    model = own.load(exported(network, (3, 16, 16)))
    images = torch.rand(4, 3, 16, 16)
    labels = network(images).argmax(1)
    attack = attacks.create("pgd", eps=8 / 255, steps=5, random_start=False)
    ours, theirs = (attack.run(m, images, labels) for m in (model, network))
    assert torch.equal(ours.success, theirs.success)
    assert (ours.x_adv - theirs.x_adv).abs().mean() < 1e-3


def test_equal_names_get_their_number():
    model = own.load(classifier().SerializeToString(), class_names=["crane", "a", "crane", "b"])
    assert model.class_names == ("crane (0)", "a", "crane (2)", "b")


def test_its_provenance_names_the_file(tmp_path):
    path = tmp_path / "my model (2).onnx"
    path.write_bytes(classifier().SerializeToString())
    model = own.load(path)
    assert model.name == "my-model-2"
    assert len(model.provenance.details["sha256"]) == 64
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"class_names": ["a", "b", "c"]}, "4 classes apart; 3 class names"),
        ({"class_names": ["a", "b", " ", "d"]}, "class 2 is empty"),
        ({"mean": (0.5,)}, "3 channels; got 1"),
        ({"std": (0.5, 0, 0.5)}, "above 0"),
        ({"mean": (123.7, 116.3, 103.5)}, "divide"),
        ({"mean": (float("nan"),) * 3}, "finite"),
        ({"input_size": (9, 9)}, "8 x 8; input_size says 9 x 9"),
        ({"input_size": (0, 9)}, "from 1 to 1024"),
        ({"input_size": 5}, "from 1 to 1024"),
        ({"architecture": "resnet18"}, "its own architecture"),
        ({"limit": 100}, "at most 0 MB"),
    ],
)
def test_what_does_not_fit_the_file(options, words):
    with pytest.raises(ValueError, match=r".") as caught:
        own.load(classifier().SerializeToString(), **options)
    assert words in str(caught.value)


def test_without_the_extra_packages_a_sentence_says_what_to_install(monkeypatch):
    import sys

    content = classifier().SerializeToString()
    for module in ("onnx", "onnxruntime"):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            with pytest.raises(ValueError, match=r"pip install 'robust-lab\[onnx\]'"):
                own.load(content)


def test_a_converter_that_is_wrong_is_found_out(monkeypatch):
    from robust_core.zoo.own.operators import TABLE, Operator

    monkeypatch.setitem(TABLE, "Tanh", Operator(lambda settings, x: torch.sin(x)))
    nodes = [node("Flatten", "x", "f"), node("Tanh", "f")]
    with pytest.raises(ValueError, match="differs from onnxruntime's by"):
        own.load(graph(nodes).SerializeToString())


@pytest.fixture(scope="module")
def weights() -> bytes:
    from torchvision.models import squeezenet1_1

    return save(seeded(squeezenet1_1, num_classes=7).state_dict())


def test_weights_and_an_architecture(weights):
    from torchvision.models import squeezenet1_1

    model = own.load(weights, architecture="squeezenet1_1", input_size=(40, 48))
    network = seeded(squeezenet1_1, num_classes=7)
    images = torch.rand(2, 3, 40, 48)
    assert torch.equal(model(images), network(images))
    assert len(model.class_names) == 7
    assert "squeezenet1_1" in model.provenance.source


def test_an_architecture_that_computes_while_it_is_built():
    from torchvision.models import regnet_y_400mf

    network = seeded(regnet_y_400mf, num_classes=3)
    weights = save(network.state_dict())
    model = own.load(weights, architecture="regnet_y_400mf", input_size=(32, 32))
    images = torch.rand(1, 3, 32, 32)
    assert torch.equal(model(images), network(images))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name their architecture"),
        ({"architecture": "squeezenet1_1"}, "input_size"),
        ({"architecture": "resnet18", "input_size": (40, 40)}, "not those of resnet18"),
        ({"architecture": "squeezenet9", "input_size": (40, 40)}, "squeezenet1_1"),
        (
            {"architecture": "os.system", "input_size": (40, 40)},
            "must be a classifier of torchvision",
        ),
        (
            {"architecture": "squeezenet1_1", "input_size": (5, 5)},
            "does not take pictures of 5 x 5",
        ),
    ],
)
def test_weights_that_do_not_fit(weights, options, words):
    with pytest.raises(ValueError, match=r".") as caught:
        own.load(weights, **options)
    assert words in str(caught.value)


def overlapping(weights):
    """The same tensors, all of them on the first bytes."""
    length = int.from_bytes(weights[:8], "little")
    header = json.loads(weights[8 : 8 + length])
    for entry in header.values():
        start, end = entry["data_offsets"]
        entry["data_offsets"] = [0, end - start]
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + weights[8 + length :]


@pytest.mark.parametrize("change", ["cut", "nan", "huge", "no table", "overlapping", "deep"])
def test_damaged_weights(weights, change):
    length = int.from_bytes(weights[:8], "little")
    damaged = {
        "cut": weights[:-1],
        "nan": weights[:-4] + b"\xff\xff\xff\x7f",
        "huge": weights.replace(b'"shape":[7]', b'"shape":[99999999]', 1),
        "no table": weights[:8] + b"{" * length + weights[8 + length :],
        "overlapping": overlapping(weights),
        "deep": (10**6).to_bytes(8, "little") + b'{"w":' + b"[" * 10**6,
    }[change]
    if change == "huge":
        damaged = (length + 7).to_bytes(8, "little") + damaged[8:]
    with pytest.raises(ValueError, match="NaN" if change == "nan" else "cut off or damaged"):
        own.load(damaged, architecture="squeezenet1_1", input_size=(40, 40))


def test_timm_is_an_extra(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"robust-lab\[timm\]"):
        own.load(save({"w": torch.ones(2)}), architecture="timm:resnet18", input_size=(32, 32))
