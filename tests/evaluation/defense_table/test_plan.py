"""The plan of the table of the defences, and the measurements on a small plan of digits."""

import pytest
import torch

from robust_core import attacks, defenses, zoo
from robust_core.evaluation.defense_table import parts
from robust_core.evaluation.defense_table.bench import DefenseBench, aware_of
from robust_core.evaluation.defense_table.plan import (
    GRID,
    NONE,
    PLANS,
    Attempt,
    DefensePart,
    DefensePlan,
    Subject,
)
from robust_core.evaluation.defense_table.rows import KINDS, AccuracyRow
from robust_core.evaluation.draws import DRAWS, fresh
from robust_core.evaluation.masking import QUESTIONS, Budget

JPEG = Subject("jpeg", {"quality": 20})
NOISY = Subject("smoothing", {"n": 20, "sigma": 0.1}, costly=True)
FIELD = 8 / 255
WHOLE = PLANS["defenses"]


@pytest.fixture(scope="module")
def bench(digits_model, digits_test) -> DefenseBench:
    """Digits: the network alone, behind JPEG and under noise."""
    every = (NONE, JPEG, NOISY)
    tried = (
        Attempt("naive", "pgd", {"steps": 3, "loss": "softmax-ce"}, (0.1, 0.3)),
        Attempt("unaware", "pgd", {"steps": 3}, (0.1, 0.3)),
        Attempt("adaptive", "pgd", {"steps": 3}, (0.1, 0.3)),
    )
    distances = (Attempt("adaptive", "cw-l2", {"steps": 20}, ()),)
    budget = {"eps": 0.2, "seed": 0, "budget": Budget(steps=3, queries=5, draws=3)}
    plan = DefensePlan(
        "digits-cnn",
        "digits",
        {
            "accuracy": DefensePart(every, 60, 5, tried),
            "distillation": DefensePart(every, 10, 5, distances),
            "certified": DefensePart((NOISY,), 20, 12, options=lambda one: {"n": 60}),
            "masking": DefensePart(every, 40, 10, options=lambda one: budget),
            "flags": DefensePart(every, 4, 4),
            "cost": DefensePart(every, 8, 4),
        },
    )
    return DefenseBench("small", plan, digits_model, *digits_test)


@pytest.fixture(scope="module")
def rows(bench) -> list[AccuracyRow]:
    """Those of JPEG."""
    return parts.attempts(bench, "accuracy", JPEG)


def found(
    rows: list[AccuracyRow], threat: str, attack: str | None = None, eps: float | None = None
) -> AccuracyRow:
    (row,) = [r for r in rows if (r.threat, r.attack) == (threat, attack) and eps in (None, r.eps)]
    return row


def test_every_defence_is_in_the_table():
    assert {one.defense for one in WHOLE.parts["accuracy"].subjects} == {"none", *defenses.names()}
    assert set(WHOLE.parts) == set(KINDS) == set(parts.MAKERS)
    for part in WHOLE.parts.values():
        keys = [subject.key for subject in part.subjects]
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_planned_defence_and_attack_can_be_made(plan):
    for part in plan.parts.values():
        for subject in part.subjects:
            assert subject.title()
            for attempt in part.of(subject):
                assert attempt.attacks()
                radii = [getattr(attack, "eps", None) for attack in attempt.attacks()]
                assert radii == (list(attempt.eps) or [None])


def test_what_the_issue_asks_for_is_planned():
    curves = WHOLE.parts["curves"].attempts
    assert {attempt.threat for attempt in curves} == {"unaware", "adaptive"}
    wanted = {0.01, 0.1, 0.15, 0.5, 0.7, *(k / 255 for k in (1, 2, 4, 8, 12, 16))}
    assert all(wanted == set(attempt.eps) == set(GRID) for attempt in curves)
    qualities = [one.parameters.get("quality") for one in WHOLE.parts["jpeg"].subjects]
    assert qualities == [None, 90, 75, 50, 25]
    table = WHOLE.parts["accuracy"]
    assert {a.threat for a in table.attempts} == {"naive", "unaware", "adaptive"}
    assert all(a.parameters["steps"] == 20 for a in table.attempts if a.attack == "pgd")
    assert all(a.eps == (FIELD,) for a in table.attempts)
    smoothing, _ = (WHOLE.parts["certified"].options(s) for s in WHOLE.parts["certified"].subjects)
    assert smoothing == {"n": 10_000, "alpha": 0.001, "bfloat16": True}
    assert WHOLE.parts["certified"].few == 500


def test_subjects_without_their_network_are_refused(weights_folder):
    assert NONE.refusal("cifar10-resnet32") == JPEG.refusal("cifar10-resnet32") == ""
    if "cifar10-resnet32-gaussian" not in zoo.bundled():
        (noisy,) = [s for s in WHOLE.parts["certified"].subjects if s.defense == "smoothing"]
        assert "cifar10-resnet32-gaussian" in noisy.refusal("cifar10-resnet32")
    assert "digits-cnn-lambda-at" in Subject("lambda-at").refusal("digits-cnn")


def test_rows_are_those_of_the_attacks_themselves(rows, digits_model, digits_test):
    """Counts by hand: the attack called directly, the defended model asked about what it made."""
    images, labels = (x[:60] for x in digits_test)
    model = defenses.create("jpeg", quality=20)(digits_model)
    pgd = attacks.create("pgd", eps=0.3, steps=3)

    def right(pictures) -> int:
        return int((model(pictures).argmax(1) == labels).sum())

    assert found(rows, "clean").correct == right(images)
    unaware = pgd(digits_model, images, labels)
    assert found(rows, "unaware", "pgd", 0.3).correct == right(unaware)
    adaptive = pgd(model, images, labels, adaptive=True)
    assert found(rows, "adaptive", "pgd", 0.3).correct == right(adaptive)


def test_an_attack_without_an_eps_has_a_distance_instead(bench):
    clean, cw = parts.attempts(bench, "distillation", NONE)
    assert (cw.eps, cw.norm, cw.attack) == (None, "l2", "cw-l2")
    assert cw.mean_l2 > 0
    assert (clean.eps, clean.mean_l2) == (0, None)


def test_rows_say_all_that_they_depend_on(rows):
    sha = zoo.index()["digits-cnn"]["sha256"]
    assert len(rows) == 1 + 3 * 2
    for row in rows:
        assert (row.subject, row.defense) == ("jpeg quality=20", "jpeg")
        assert row.parameters == {"quality": 20, "subsampling": "4:2:0"}
        assert (row.model, row.weights, row.n) == ("digits-cnn", {"digits-cnn": sha}, 60)
        assert row.command == "python -m robust_core evaluate --suite small --part accuracy"
        assert 0 <= row.correct <= row.n
    pgd = found(rows, "unaware", "pgd", 0.1)
    assert (pgd.steps, pgd.seed, pgd.norm, pgd.made_on) == (3, 0, "linf", "digits-cnn")
    assert "eps" not in pgd.attack_parameters
    assert found(rows, "naive", "pgd", 0.1).attack_parameters["loss"] == "softmax-ce"
    assert found(rows, "clean").made_on is None


def test_masked_gradients_look_robust_until_the_attacker_knows(rows):
    clean = found(rows, "clean").correct
    naive, adaptive = (found(rows, who, "pgd", 0.3).correct for who in ("naive", "adaptive"))
    assert naive > 0.9 * clean
    assert adaptive < 0.5 * clean


def test_pictures_for_those_who_do_not_know_are_made_once(bench, monkeypatch):
    made = []
    craft = DefenseBench._craft

    def counting(self, model, attack, *rest):
        made.append((model.name, attack, rest[-1]))
        return craft(self, model, attack, *rest)

    monkeypatch.setattr(DefenseBench, "_craft", counting)
    monkeypatch.setattr(bench, "crafted", {})
    monkeypatch.setattr(bench, "limit", 8)
    for subject in (NONE, JPEG, NOISY):
        parts.attempts(bench, "accuracy", subject)
    unaware = [one for one in made if one[0] == "digits-cnn" and one[1].name == "pgd"]
    plain = [one for one in unaware if one[1].loss == "ce" and not one[2]]
    assert len(plain) == 2  # of each radius, by three subjects


def test_dear_subjects_have_fewer_pictures_and_the_limit_counts(bench, monkeypatch):
    assert [bench.count("accuracy", one) for one in (NONE, JPEG, NOISY)] == [60, 60, 5]
    monkeypatch.setattr(bench, "limit", 4)
    assert [bench.count("accuracy", one) for one in (NONE, JPEG, NOISY)] == [4, 4, 4]
    assert bench.about("cost", NONE)["command"].endswith("--part cost --limit 4")


def test_certificates_of_right_pictures_have_radii(bench, digits_model, digits_test):
    (row,) = parts.certified(bench, "certified", NOISY)
    assert (row.n, row.draws, row.selection, row.sigma) == (12, 60, 100, 0.1)
    assert row.abstained + row.wrong + len(row.radii) == 12
    assert len(row.radii) > 6
    assert list(row.radii) == sorted(row.radii)
    model = defenses.create("smoothing", n=60, sigma=0.1)
    images, labels = digits_test
    held = [model.certificate(digits_model, x) for x in images[:12].split(1)]
    assert parts._down(0.123456) == 0.12345
    assert parts._down(0.1) <= 0.1
    right = [c.radius for c, y in zip(held, labels[:12].tolist(), strict=True) if c.label == y]
    assert row.radii == pytest.approx(sorted(right), abs=1e-5)


def test_the_checklist_finds_the_filter_out_and_not_the_network(bench):
    (jpeg,) = parts.checklist(bench, "masking", JPEG)
    (plain,) = parts.checklist(bench, "masking", NONE)
    assert [one.name for one in jpeg.findings] == list(QUESTIONS)
    signs = {one.name for one in jpeg.findings if one.suspicious}
    assert {"whole-box", "no-growth", "zero-gradients", "black-box"} <= signs
    assert not any(one.suspicious for one in plain.findings)
    assert (jpeg.surrogate, plain.surrogate) == ("digits-cnn", None)
    assert jpeg.budget["queries"] == 5
    assert 0 < jpeg.right <= jpeg.n == 40


def test_a_model_that_is_never_right_has_no_checklist(bench, digits_test, monkeypatch):
    monkeypatch.setattr(bench, "labels", (bench.model(NONE)(digits_test[0]).argmax(1) + 1) % 10)
    assert parts.checklist(bench, "masking", NONE) == []


def test_cost_is_a_time(bench):
    (row,) = parts.cost(bench, "cost", NOISY)
    assert (row.batch, row.n, row.device) == (4, 4, "cpu")
    assert row.threads == torch.get_num_threads()
    (alone,) = parts.cost(bench, "cost", NONE)
    assert row.milliseconds_alone > alone.milliseconds_alone > 0  # 20 votes against one


def test_what_the_attacker_knows_decides_the_attack():
    """FGSM training without random starts: one step for who does not know, several for who does."""
    pgd, fgsm = attacks.create("pgd", eps=FIELD), attacks.create("fgsm", eps=FIELD)
    plain = defenses.create("fgsm-at-plain")
    assert aware_of(plain, "unaware", pgd) == fgsm
    assert aware_of(plain, "adaptive", fgsm).name == "pgd"
    assert aware_of(plain, "naive", pgd) == pgd
    assert aware_of(None, "unaware", pgd) == pgd
    distilled = defenses.create("distilled")
    assert aware_of(distilled, "unaware", pgd).loss == "softmax-ce"


def test_a_random_subject_is_judged_on_fresh_draws(bench):
    """Its counts are those under other seeds than its own; any other subject has none."""
    resized = Subject("random-resize-pad")
    assert bench.draws(resized) == DRAWS
    assert bench.draws(JPEG) == bench.draws(NONE) == 0
    rows = parts.attempts(bench, "accuracy", resized)
    model, n = bench.model(resized), rows[0].n
    for draw, count in zip(fresh(DRAWS), rows[0].draws, strict=True):
        said = model.redrawn(draw)(bench.images[:n]).argmax(1)
        assert count == (said == bench.labels[:n]).sum()
    for row in rows:
        assert row.correct == pytest.approx(sum(row.draws) / DRAWS)
        assert row.accuracy.value == pytest.approx(row.correct / n)
        assert f"mean of {DRAWS} fresh draws" in row.circumstances
    assert any(len(set(row.draws)) > 1 for row in rows)


def test_rows_of_a_subject_without_chance_have_no_draws(rows):
    assert all(row.draws == () and isinstance(row.correct, int) for row in rows)
    assert not any("draws" in row.circumstances for row in rows)


def test_flags_are_those_of_the_deployed_model(bench):
    (row,) = parts.flags(bench, "flags", JPEG)
    assert [flag.name for flag in row.raised] == ["no-gradient"]
    assert parts.flags(bench, "flags", NONE)[0].raised == ()
