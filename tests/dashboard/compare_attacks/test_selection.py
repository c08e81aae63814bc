"""Which attacks are compared, in which order, and whether they kept to the eps of the page."""

import math
from dataclasses import replace

import pytest

from robust_core import attacks
from robust_core.dashboard import lab
from robust_core.dashboard.compare_attacks import selection
from robust_core.dashboard.compare_attacks.selection import ComparedAttack
from robust_core.words import threat_model
from robust_core.words.threat_model import ANY, matches


@pytest.fixture
def rows(make_request):
    names = ("noise", "fgsm", "deepfool")
    return selection.make_rows([attacks.get(n) for n in names], lambda a: make_request(a.name))


def test_an_attack_that_cannot_run_keeps_its_row_and_says_why():
    def refuse(attack):
        raise ValueError("eps is too large")

    (row,) = selection.make_rows([attacks.get("fgsm")], refuse)
    assert (row.request, row.refusal, row.finished) == (None, "eps is too large.", None)


def test_finished_rows_come_first_and_the_others_as_they_stand(rows, perform, monkeypatch):
    result = perform(rows[0].request)
    kept = {
        row.key: replace(result, l2=l2, saved=replace(result.saved, l2=l2))
        for row, l2 in ((rows[1], 2.0), (rows[2], 1.0))
    }
    monkeypatch.setattr(lab.engine(), "peek", kept.get)
    ordered = [row.attack.name for row in selection.in_order(rows, "l2")]
    assert ordered == ["deepfool", "fgsm", "noise"]
    assert selection.in_order(rows, "taught") == rows


@pytest.mark.parametrize("name", attacks.local_names())
def test_any_value_matches_every_attack_and_another_value_none(name):
    attack = attacks.get(name)
    wanted = dict.fromkeys(threat_model.AXES, ANY)
    assert matches(attack, wanted)
    for axis in threat_model.AXES:
        assert all(
            matches(attack, wanted | {axis: value}) for value in threat_model.values(attack, axis)
        )
        assert not matches(attack, wanted | {axis: "nothing of the kind"})


@pytest.mark.parametrize(("name", "norm"), [("deepfool", "l2"), ("deepfool-linf", "linf")])
def test_an_attack_without_eps_is_within_it_by_its_own_norm(make_request, perform, name, norm):
    row = ComparedAttack(attacks.get(name), make_request(name))
    result = perform(row.request)
    eps, values = row.request.shown_eps, result.clean.numel()
    edge = eps * math.sqrt(values) if norm == "l2" else eps
    assert selection.within_eps(row, replace(result, **{norm: edge}))
    assert not selection.within_eps(row, replace(result, **{norm: 1.01 * edge}))
