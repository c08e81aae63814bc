"""What was measured, read back; and what is committed."""

import pytest

from robust_core.evaluation.deck_002 import protocol, results
from robust_core.evaluation.deck_002.comparison import explained, lines
from robust_core.evaluation.deck_002.measure import grid
from tests import fake_deck_002


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for the figures, empty at first."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    return tmp_path


def test_without_figures_a_sentence_says_how_to_make_them(folder):
    assert results.models() == []
    with pytest.raises(
        ValueError, match=r"not been measured.*--suite deck-002 --model digits-cnn`"
    ):
        results.measured("digits-cnn")
    with pytest.raises(ValueError, match=r"--model imagenet-vgg11 --data FOLDER"):
        results.measured("imagenet-vgg11")


def test_figures_of_other_weights_and_damaged_ones_are_refused(folder):
    path = fake_deck_002.write(folder, sha="0")
    with pytest.raises(ValueError, match="other weights than the bundled ones"):
        results.measured("digits-cnn")
    path.write_text("{}")
    with pytest.raises(ValueError, match="is damaged"):
        results.measured("digits-cnn")


def test_the_deck_s_lines_stand_beside_ours(folder):
    fake_deck_002.write(folder)
    assert results.models() == ["digits-cnn"]
    found = results.measured("digits-cnn")
    natural, fgsm, bim, pgd, more = lines(found, protocol.NORMALISED, 0.6)
    assert (natural.ours, list(fgsm.ours)) == ({}, ["eps"])
    assert (bim.steps, bim.printed.top1, set(bim.ours)) == (2, 0.6, set(protocol.STEP_SIZES))
    assert (pgd.steps, pgd.printed.top5) == (6, 33.9)
    assert (more.steps, more.printed) == (20, None)
    assert "PGD is weaker than a single step" in explained(found, protocol.NORMALISED, 0.1)


@pytest.mark.parametrize("model", results.models())
def test_committed_figures_are_those_of_the_protocol(model):
    """Tuned PGD is at least as strong as FGSM, and CW reaches every target."""
    found = results.measured(model)
    assert sum(map(len, found.pictures.values())) == found.n <= protocol.PICTURES
    for space, eps, attack, step in grid():
        for steps in protocol.STEPS[attack]:
            assert found.row(space, eps, attack, steps, step).top1 <= found.n
    for space in protocol.SPACES:
        for eps in protocol.EPS:
            long = found.row(space, eps, protocol.PGD, 20, "eps/4")
            assert long.top1 <= found.row(space, eps, protocol.FGSM, 1).top1
    assert found.carlini.target1 >= 0.99 * found.n
