"""The rows of the transfer suite: counts by hand, and the substitute's rounds."""

import torch

from robust_core import attacks, zoo
from robust_core.evaluation.transfer.measure import Bench
from robust_core.evaluation.transfer.plan import FAMILIES, PARTS, Crafting, Learning, jobs

MODELS = ["digits-cnn", "digits-cnn-pgd-at"]


def test_only_what_is_right_when_clean_counts(digits_test):
    images, labels = (x[:30] for x in digits_test)
    row = Bench("cpu", 30).crafted(Crafting("digits", MODELS[0], "pgd", 450, eps=0.2))
    x = attacks.create("pgd", eps=0.2)(zoo.load(MODELS[0], "cpu"), images, labels)
    assert (row.n, row.eps, row.parameters["steps"]) == (30, 0.2, 20)
    assert row.mean_linf == (x.double() - images).abs().flatten(1).amax(1).mean().item()
    assert [cell.target for cell in row.targets] == MODELS
    assert set(row.weights) == set(MODELS)
    for cell in row.targets:
        model = zoo.load(cell.target, "cpu")
        with torch.no_grad():
            right, wrong = model(images).argmax(1) == labels, model(x).argmax(1) != labels
        assert (cell.right, cell.fooled) == (right.sum(), (right & wrong).sum())
    own, other = row.targets
    assert other.share < own.share == 1  # transferred, and white-box


def test_a_substitute_is_judged_on_pictures_that_it_does_not_start_from(digits_test):
    quick = {"rounds": 2, "epochs": 3, "network": "mlp"}
    job = Learning(MODELS[0], 300, 100, (0.1, 0.2), parameters=quick)
    row = Bench("cpu", 50).learnt(job)
    assert (row.n, row.first, row.parameters["epochs"]) == (50, 100, 3)
    assert [(stage.size, stage.queries) for stage in row.stages] == [(100, 100), (200, 200)]
    images, labels = digits_test
    method = attacks.Substitute(final="mi-fgsm", **quick)
    last = list(method.rounds_on(zoo.load(MODELS[0], "cpu"), images[300:400]))[-1]
    said = zoo.load(MODELS[0], "cpu")(images[:50]).argmax(1)
    assert row.stages[-1].agree == (last.network(images[:50]).argmax(1) == said).sum()
    for stage in row.stages:
        assert stage.fooled[0] <= stage.fooled[1] <= stage.right == (said == labels[:50]).sum()
        assert stage.fooled[1] <= row.direct[1]


def test_the_plan_asks_every_stored_classifier_of_a_family():
    for name, family in FAMILIES.items():
        stored = family.models
        assert family.base in stored
        assert {zoo.describe(model).data for model in stored} == {name}
        assert all(model.startswith(family.base) for model in stored)
        assert not [m for m in zoo.bundled() if m.startswith(family.base) and m not in stored]
        asked = {(job.source, job.attack) for job in jobs(name)}
        assert asked == {(model, attack) for model in stored for attack in family.pictures}
        assert all(job.made.name == job.attack for job in jobs(name))
    assert set(PARTS) == {*FAMILIES, "substitute"}
    assert all(set(job.models) <= set(zoo.bundled()) for part in PARTS for job in jobs(part))
