"""Hooks on a twin: they hear everything of it, nothing of the original, and are gone afterwards."""

import threading

import pytest
import torch
from torch import nn

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.inside import blocks, listening
from robust_core.inside.listening import every


def hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_the_twin_shares_all_tensors_and_answers_bit_for_bit_the_same(digits_model, digit_pictures):
    images = digit_pictures[0][:5]
    before = digits_model(images)
    heard = []
    with listening(digits_model, every, lambda name, *_: heard.append(name)) as twin:
        tensors = zip(twin.parameters(), digits_model.parameters(), strict=True)
        assert all(ours is theirs for ours, theirs in tensors)
        assert twin.network is not digits_model.network
        assert hooks(digits_model) == 0 < hooks(twin)
        assert torch.equal(twin(images), before)
        count = len(heard)
        other = threading.Thread(target=digits_model, args=(images,))
        other.start()
        other.join()
        assert len(heard) == count == len(every(digits_model.network))
    assert hooks(twin) == 0
    assert torch.equal(digits_model(images), before)


def test_hooks_are_gone_after_an_error_too(digits_model, digit_pictures):
    def fail(*_):
        raise RuntimeError("heard enough")

    kept = []

    def ask():
        with listening(digits_model, every, fail) as twin:
            kept.append(twin)
            twin(digit_pictures[0][:1])

    with pytest.raises(RuntimeError, match="heard enough"):
        ask()
    assert hooks(kept[0]) == hooks(digits_model) == 0


def test_a_model_in_training_mode_stays_in_it_and_is_asked_in_eval_mode(classifier):
    model = classifier(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(90, 3)).train()
    with listening(model, blocks, lambda *_: None) as twin:
        assert not any(module.training for module in twin.modules())
        twin(torch.rand(2, 3, 6, 5, dtype=torch.float64))
    assert all(module.training for module in model.modules())
    assert int(model.network[0].num_batches_tracked) == 0


def test_blocks_are_leaves_and_what_is_repeated():
    network = zoo.skeleton("cifar10-resnet32")
    names = list(blocks(network))
    assert names[:4] == ["stem.0", "stem.1", "stem.2", "stage1.0"]
    assert names[-2:] == ["stage3.4", "dense"]
    assert len(names) == 3 + 15 + 1
    assert list(blocks(zoo.skeleton("digits-mlp"))) == [f"layers.{k}" for k in range(1, 6)]
    assert list(blocks(nn.Linear(2, 3))) == ["Linear"]


def test_blocks_of_a_transformer(transformer):
    layers = [f"encoder.layers.encoder_layer_{k}" for k in range(2)]
    names = list(blocks(transformer.network))
    assert names == ["conv_proj", *layers, "encoder.ln", "heads.head"]


def test_a_function_has_no_layers():
    model = Classifier(
        lambda x: x.flatten(1), class_names=(), input_size=(2, 2), mean=(0.0,), std=(1.0,)
    )
    with (
        pytest.raises(ValueError, match="must have layers"),
        listening(model, blocks, lambda *_: None),
    ):
        pass
