"""The committed measurements of transfer: read whole or not at all, and what they say."""

import json

import pytest

from robust_core.evaluation.transfer import results
from robust_core.evaluation.transfer.plan import FAMILIES


@pytest.fixture(scope="module")
def found():
    return results.load()


def test_digits_are_whole(found):
    matrices = found.matrices("digits")
    assert len(matrices) == 8
    for matrix in matrices:
        assert not matrix.lacking
        assert matrix.targets == [row.source for row in matrix.rows] == FAMILIES["digits"].models
        assert matrix.cell(matrix.targets[0], matrix.targets[1]).right > 0.9 * matrix.n


@pytest.mark.parametrize("data", FAMILIES)
def test_no_cell_holds_more_than_there_is(found, data):
    for matrix in found.matrices(data):
        for row in matrix.rows:
            assert row.n == FAMILIES[data].pictures[matrix.attack] == matrix.n
            assert matrix.eps is None or row.mean_linf <= matrix.eps * (1 + 1e-5)
            for cell in row.targets:
                assert 0 <= cell.fooled <= cell.right <= row.n


def test_a_larger_radius_fools_no_fewer_of_a_network_itself(found):
    own: dict[tuple, dict] = {}
    for row in found.crafted:
        if row.attack in ("pgd", "mi-fgsm"):
            (cell,) = (cell for cell in row.targets if cell.target == row.source)
            own.setdefault((row.source, row.attack), {})[row.eps] = cell
    pairs = [sorted(by_eps.items()) for by_eps in own.values() if len(by_eps) == 2]
    assert pairs
    for (_, small), (_, large) in pairs:
        assert small.fooled <= large.fooled + 0.02 * small.right


def test_substitutes_double_their_questions_and_learn(found):
    assert found.learnt
    for row in found.learnt:
        sizes = [stage.size for stage in row.stages]
        assert sizes == [row.first * 2**k for k in range(len(sizes))]
        assert [stage.queries for stage in row.stages] == sizes
        assert row.stages[-1].agreement > row.stages[0].agreement
        if (
            row.data == "digits"
        ):  # from so few pictures of CIFAR-10 it learns little that holds elsewhere
            assert row.stages[-1].agree > row.stages[0].agree


@pytest.mark.parametrize("broken", ["", "{}", '{"parts": {"digits": {"rows": [{"n": 1}]}}}', "[1]"])
def test_a_damaged_file_is_no_measurement(broken, tmp_path):
    path = tmp_path / "transfer.json"
    path.write_text(broken)
    assert results.load(path) == results.Report()
    assert results.load(tmp_path / "none.json").families() == []


def test_rows_of_other_weights_are_left_out(tmp_path):
    value = json.loads(results.FILE.read_text())
    value["parts"]["digits"]["rows"][0]["weights"]["digits-cnn"] = "other"
    path = tmp_path / "transfer.json"
    path.write_text(json.dumps(value))
    (first, *others) = results.load(path).matrices("digits")
    assert first.lacking == ("digits-cnn",)
    assert not any(matrix.lacking for matrix in others)


def test_settings_are_written_as_one_says_them():
    assert results.setting(8 / 255, None) == "eps 8/255"
    assert results.setting(0.2, None) == "eps 0.2"
    assert results.setting(None, 20.0) == "confidence 20"
    with pytest.raises(ValueError, match=r"^data must be one of digits"):
        results.load().matrices("letters")
