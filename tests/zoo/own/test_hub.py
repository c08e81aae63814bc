"""Pretrained networks of timm: safetensors only, the size known first, failures in one sentence.

Neither timm nor the hub is asked here: both are stand-ins that know one network.
"""

import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from safetensors.torch import save

from robust_core.zoo.own import hub
from tests.zoo.own.networks import seeded

NAME = "timm:squeezenet_tiny"


class EntryNotFoundError(Exception):
    """As the hub's library calls a file that is not there."""


def network(classes: int):
    from torchvision.models import squeezenet1_1

    return seeded(squeezenet1_1, num_classes=classes)


@pytest.fixture
def world(monkeypatch, tmp_path):
    """The stand-ins; ``world.size`` is what the hub says of the file, or what it raises."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(save(network(1000).state_dict()))
    told = SimpleNamespace(size=path.stat().st_size, fetched=0)
    about = SimpleNamespace(
        hf_hub_id="timm/squeezenet_tiny",
        input_size=(3, 40, 40),
        mean=(0.5, 0.4, 0.3),
        std=(0.2, 0.2, 0.2),
        crop_pct=0.8,
    )

    def metadata(url):
        if isinstance(told.size, Exception):
            raise told.size
        return SimpleNamespace(size=told.size)

    def download(repository, file):
        assert (repository, file) == (about.hf_hub_id, "model.safetensors")
        told.fetched += 1
        return str(path)

    timm, models = ModuleType("timm"), ModuleType("timm.models")
    timm.is_model = models.is_model = lambda name: name == "squeezenet_tiny"
    timm.list_models = lambda pattern: ["squeezenet_tiny"]
    timm.create_model = lambda name, pretrained, num_classes: network(num_classes)
    models.get_pretrained_cfg = lambda name: about
    library = ModuleType("huggingface_hub")
    library.hf_hub_url = lambda repository, file: f"https://example.org/{repository}/{file}"
    library.get_hf_file_metadata, library.hf_hub_download = metadata, download
    for module in (timm, models, library):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return told


def test_it_brings_its_size_normalisation_and_names(world):
    model = hub.load(NAME)
    images = torch.rand(2, 3, 40, 40)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.5, 0.4, 0.3), (0.2, 0.2, 0.2)))
    assert torch.allclose(model(images), network(1000)((images - mean) / std), atol=1e-5)
    assert (model.name, model.input_size, model.resize) == ("squeezenet_tiny", (40, 40), 50)
    assert model.class_names[0] == "tench"


def test_what_is_too_large_is_not_fetched(world):
    world.size = 10**12
    with pytest.raises(ValueError, match="1,000,000 MB"):
        hub.load(NAME)
    assert not world.fetched


def test_a_pickle_alone_is_refused(world):
    world.size = EntryNotFoundError()
    with pytest.raises(ValueError, match="pickle alone"):
        hub.load(NAME)
    assert not world.fetched


def test_without_a_connection_a_sentence_says_so(world):
    world.size = OSError("no such host\nand more")
    with pytest.raises(ValueError, match=r"could not be downloaded \(OSError: no such host\)"):
        hub.load(NAME)


def test_an_unknown_network(world):
    with pytest.raises(ValueError, match="no pretrained network 'nonsense'"):
        hub.load("timm:nonsense")
