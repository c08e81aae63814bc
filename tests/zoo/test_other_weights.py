"""A torchvision architecture with weights from a file: checked, and never taken for torchvision's."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from robust_core import zoo
from robust_core.zoo import imagenet

NAME = "imagenet-squeezenet1_0"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "mine.safetensors"
    save_file(imagenet.architecture(NAME).state_dict(), path)
    return path


def test_the_models_own_frame_around_the_tensors_of_the_file(file):
    model = zoo.load_with(NAME, file, "cpu")
    assert (model.name, model.input_size, len(model.class_names)) == (NAME, (224, 224), 1000)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    again = zoo.load_with(NAME, file, "cpu")
    picture = torch.rand(1, 3, 224, 224)
    assert model(picture).equal(again(picture))
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    assert model.provenance.details["sha256"] == sha
    assert model.provenance.source == f"mine.safetensors, SHA-256 {sha[:12]}, not torchvision's"
    assert model.provenance.accuracy is None


def test_what_is_wrong_is_a_sentence(file, tmp_path):
    with pytest.raises(ValueError, match=r"need one of imagenet-squeezenet1_0.*got 'digits-cnn'"):
        zoo.load_with("digits-cnn", file)
    with pytest.raises(zoo.ZooError, match=r"do not fit imagenet-mobilenet_v3_large"):
        zoo.load_with("imagenet-mobilenet_v3_large", file)
    with pytest.raises(zoo.ZooError, match="cannot be read"):
        zoo.load_with(NAME, tmp_path / "nothing.safetensors")
    pickled = tmp_path / "net.pth"
    torch.save({}, pickled)
    with pytest.raises(zoo.ZooError, match=r"not a safetensors file.*save_file"):
        zoo.load_with(NAME, pickled)
