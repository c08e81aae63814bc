"""Bundled posters and stickers for road signs: listed, loaded, near their figures in the suite."""

import pytest
import torch

from robust_core import paths, zoo
from robust_core.data import signs
from robust_core.evaluation.physical import bundle, plan, results
from robust_core.zoo import bundled_posters


def test_there_is_one_for_each_column_of_the_deck():
    assert zoo.posters() == list(bundle.RECIPES)
    assert zoo.posters("digits-cnn") == []
    assert len(zoo.posters(plan.SIGN_MODEL)) == len(plan.POSTERS)
    sha = zoo.index()[plan.SIGN_MODEL]["sha256"]
    for name in zoo.posters():
        found = zoo.load_poster(name)
        assert found.entry["weights_sha256"] == sha, "made for the network that is bundled"
        assert found.entry["command"] == bundle.command(name)
        clean, _ = signs.draw(found.sign, found.poster.sign.shape[-1])
        assert torch.equal(found.poster.sign, clean)
        assert not found.poster.delta[~found.poster.area.expand_as(clean)].any()
        assert found.poster.delta.any()
        assert (paths.POSTERS / f"{name}.safetensors").stat().st_size < 50_000


def test_their_figures_are_near_those_of_the_suite():
    """Those of the suite are of the poster before it was brought to 8 bits, made on its own."""
    for name, asked in bundle.RECIPES.items():
        figures = bundled_posters.entry_of(name)["figures"]["grid"]
        suite = results.sign_rate(results.report().signs, asked.key, deck=False)
        assert figures["right"] == suite.right
        assert abs(figures["fooled"] - suite.fooled) <= 0.05 * suite.right
        assert figures["random"] == suite.random


def test_what_is_written_is_read_in_8_bits():
    poster = zoo.load_poster(zoo.posters()[0]).poster
    back = bundled_posters.read("stop", poster.fooled, bundled_posters.to_bytes(poster))
    for one, other in zip(
        (poster.sign, poster.changed, poster.area),
        (back.sign, back.changed, back.area),
        strict=True,
    ):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="must hold area, changed, loss"):
        bundled_posters.of_tensors("stop", 1.0, {"changed": torch.zeros(1)})
    odd = {"area": torch.zeros(1, 1, 8, 8), "changed": torch.zeros(1, 3, 8, 9)}
    with pytest.raises(ValueError, match="one square picture"):
        bundled_posters.of_tensors("stop", 1.0, odd | {"loss": torch.zeros(1)})
