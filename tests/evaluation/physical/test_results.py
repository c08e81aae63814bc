"""The committed file: what is read, and what is said where it cannot be."""

import json
from dataclasses import asdict

import pytest

from robust_core import zoo
from robust_core.evaluation.physical import bundle, plan, results
from robust_core.evaluation.physical.measure import DestructionRow, SignRow, TurnedRow

MODEL = "digits-cnn"


def destroyed(transformation="photo"):
    top = {"rate": 0.5, "counted": 4}
    return DestructionRow(MODEL, "digits", "bim", 8 / 255, 10, transformation, {}, top, top)


def turned(angle):
    return TurnedRow(MODEL, "digits", "eot", 0.1, {}, 5, angle, {}, 1, 0.5, 0.5, 0.5)


def sign(deck, right, fooled):
    return SignRow(MODEL, "poster", "stop", "yield", 5, 0, deck, 3, right, fooled, 1, 0, 1, 1, {})


def write(path, sha=None):
    rows = {
        plan.DESTRUCTION: [destroyed("blur"), destroyed()],
        plan.ROTATION: [turned(5), turned(None), turned(-5)],
        plan.SIGNS: [sign(True, 3, 2), sign(True, 0, 0), sign(False, 3, 0)],
    }
    value = {
        "weights": {MODEL: sha or zoo.index()[MODEL]["sha256"]},
        "parts": {part: {"a": {"rows": list(map(asdict, found))}} for part, found in rows.items()},
    }
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_rows_are_read_back(tmp_path):
    found = results.report(write(tmp_path / "physical.json"))
    assert not found.lacking
    assert found.destroyed(MODEL, "bim", 8 / 255, "photo") == destroyed()
    assert [row.angle for row in found.turned(MODEL, "eot")] == [-5, 5]
    assert found.models("signs") == [MODEL]
    with pytest.raises(KeyError):
        found.destroyed(MODEL, "bim", 8 / 255, "fog")


def test_success_is_over_views_with_the_clean_sign_right(tmp_path):
    rows = results.report(write(tmp_path / "physical.json")).signs
    deck = results.sign_rate(rows, "poster", deck=True)
    assert (deck.right, deck.fooled, deck.rate) == (3, 2, 2 / 3)
    assert results.sign_rate(rows, "poster", deck=False).rate == 2 / 6
    assert results.sign_rate(rows, "graffiti", deck=True).rate is None


def test_what_cannot_be_shown_says_what_to_do(tmp_path):
    path = tmp_path / "physical.json"
    assert "not been measured yet" in results.report(path).lacking
    path.write_text("{", encoding="utf-8")
    assert "is damaged" in results.report(path).lacking
    write(path, sha="0")
    old = results.report(path)
    assert results.COMMAND in old.lacking


def test_rows_of_other_weights_and_of_models_that_do_not_exist_are_left_out(tmp_path):
    path = write(tmp_path / "physical.json")
    value = json.loads(path.read_text())
    for model in ("cifar10-resnet32", "no-such-model"):
        value["weights"][model] = "0"
        other = asdict(destroyed()) | {"model": model}
        value["parts"][plan.DESTRUCTION][model] = {"rows": [other]}
    path.write_text(json.dumps(value), encoding="utf-8")
    found = results.report(path)
    assert found.models(plan.DESTRUCTION) == [MODEL]
    assert found.outdated == ("cifar10-resnet32",)


def test_the_signs_are_those_of_the_bundled_posters():
    rows = results.report().signs
    for poster in plan.POSTERS:
        name = plan.bundled(poster)
        assert name is not None
        figures = zoo.load_poster(name).entry["figures"]
        mine = [row for row in rows if row.poster == poster.key]
        assert bundle.counts(mine) == figures["grid"]
        assert bundle.counts([row for row in mine if row.deck]) == figures["deck"]


def test_the_committed_rows_are_of_the_bundled_weights():
    found = results.report()
    assert not found.lacking
    assert not found.outdated
    for row in found.destruction:
        assert 0 <= (row.top1["rate"] or 0) <= 1
