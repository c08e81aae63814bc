"""Accuracy under attack: denominators, closed forms, batches."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from robust_core import attacks, defenses, zoo
from robust_core.attacks.base import Attack
from robust_core.classifier import Classifier
from robust_core.data import digits
from robust_core.evaluation.accuracy import default_batch, evaluate, runs
from robust_core.goals import (
    ConfidenceReduction,
    LeastLikely,
    SourceTarget,
    Towards,
    Untargeted,
)


def linear(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Classifier:
    """Logits ``weight @ pixels + bias`` of grey 2x2 pictures."""
    layer = nn.Linear(4, len(weight))
    layer.weight.data, layer.bias.data = weight.clone(), torch.zeros(len(weight))
    if bias is not None:
        layer.bias.data = bias.clone()
    return Classifier(
        nn.Sequential(nn.Flatten(), layer),
        name="linear",
        class_names=tuple(map(str, range(len(weight)))),
        input_size=(2, 2),
        mean=(0.0,),
        std=(1.0,),
    ).requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> Classifier:
    return zoo.load("digits-cnn", "cpu")


@pytest.fixture(scope="module")
def data() -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(tensor[:60] for tensor in digits.load("test"))


def test_the_attack_that_was_run_on_a_defence_is_named(model, data):
    defended = defenses.create("jpeg")(model)
    for adaptive in (False, True):
        found = evaluate(defended, "pgd", *data, eps_list=[0.1], adaptive=adaptive)["run"]
        assert found["attack"] == "pgd"
        assert found["made_on"] == ("digits-cnn behind jpeg" if adaptive else "digits-cnn")
        assert found["weights_sha256"] == model.provenance.details["sha256"]
    assert "run" not in evaluate(model, "fgsm", *data, eps_list=[0.1])

    class Swapping(type(defended.defense)):
        def of_unaware(self, attack):
            return attacks.FGSM(eps=attack.eps)

    found = evaluate(Swapping()(model), "pgd", *data, eps_list=[0.1])
    assert (found["run"]["attack"], found["rows"][0]["mean_gradients"]) == ("fgsm", 1)


def test_figures_are_those_of_a_plain_count(model, data):
    images, labels = data
    wrong = labels.clone()
    wrong[:20] = (wrong[:20] + 1) % 10  # pictures that the model misses from the start
    result = evaluate(model, "fgsm", images, wrong, eps_list=[0.15])
    adversarial = attacks.create("fgsm", eps=0.15)(model, images, wrong)
    before, after = model(images), model(adversarial)
    correct = before.argmax(1) == wrong
    flipped = correct & (after.argmax(1) != wrong)
    top5 = (after.topk(5).indices == wrong[:, None]).any(1)
    distance = (adversarial - images).double().flatten(1)
    (row,) = result["rows"]
    assert 0 < flipped.sum() < correct.sum() < 60
    assert result["clean_top1"] == pytest.approx(correct.double().mean())
    assert row["top1"] == pytest.approx((after.argmax(1) == wrong).double().mean())
    assert row["top5"] == pytest.approx(top5.double().mean())
    assert row["success_rate"] == pytest.approx(flipped.sum() / correct.sum())
    assert (row["correct"], row["flipped"]) == (correct.sum(), flipped.sum())
    assert row["mean_l2"] == pytest.approx(distance.norm(dim=1)[flipped].mean())
    assert row["mean_linf"] == pytest.approx(distance.abs().amax(1)[flipped].mean())
    rounded = model(adversarial.mul(255).round().div(255)).argmax(1)
    assert row["top1_8bit"] == pytest.approx((rounded == wrong).double().mean())


def test_fgsm_flips_a_linear_model_exactly_where_its_margin_is_too_small():
    generator = torch.Generator().manual_seed(0)
    direction = torch.tensor([1.0, -2.0, 0.5, 1.5])
    model = linear(torch.stack([torch.zeros(4), direction]), torch.tensor([0.4, 0.0]))
    images = 0.3 + 0.4 * torch.rand(200, 1, 2, 2, generator=generator)  # eps never meets the box
    score = images.flatten(1).double() @ direction.double() - 0.4
    labels = (score > 0).long()
    for eps in (0.02, 0.06):
        (row,) = evaluate(model, "fgsm", images, labels, eps_list=[eps])["rows"]
        flipped = score.abs() < eps * direction.abs().sum()
        assert 0 < flipped.sum() < 200
        assert row["flipped"] == flipped.sum()
        assert row["success_rate"] == pytest.approx(flipped.double().mean())


def test_a_change_below_half_a_level_does_not_survive_rounding():
    model = linear(torch.tensor([[0.0] * 4, [1.0] * 4]), torch.tensor([4 * 100.1 / 255, 0.0]))
    images = torch.full((5, 1, 2, 2), 100 / 255)  # class 0 by a tenth of a level
    (row,) = evaluate(model, "fgsm", images, torch.zeros(5).long(), eps_list=[0.3 / 255])["rows"]
    assert (row["top1"], row["top1_8bit"]) == (0, 1)


def test_a_radius_of_zero_changes_nothing(model, data):
    result = evaluate(model, "bim", *data, eps_list=[0.0])
    (row,) = result["rows"]
    assert (row["top1"], row["top5"]) == (result["clean_top1"], result["clean_top5"])
    assert row["success_rate"] == 0
    assert row["mean_l2"] is None
    assert row["mean_linf"] is None


def test_without_a_correct_picture_there_is_no_success_rate(model, data):
    images, _ = data
    missed = model(images).argmin(1)
    (row,) = evaluate(model, "fgsm", images, missed, eps_list=[0.1])["rows"]
    assert row["success_rate"] is None
    assert (row["correct"], row["flipped"]) == (0, 0)


def test_top5_of_three_classes_is_everything():
    model = linear(torch.eye(3, 4))
    images = torch.rand(20, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    result = evaluate(model, "fgsm", images, torch.zeros(20).long(), eps_list=[0.3])
    assert result["clean_top5"] == 1
    assert result["rows"][0]["top5"] == 1
    assert result["rows"][0]["top1"] < 1


def test_ties_are_decided_as_argmax_does():
    model = linear(torch.zeros(7, 4))
    images = torch.full((7, 1, 2, 2), 0.5)
    result = evaluate(model, "noise", images, torch.arange(7), eps_list=[0.0])
    assert result["clean_top1"] == pytest.approx(1 / 7)  # class 0 wins every tie
    assert result["clean_top5"] == pytest.approx(5 / 7)


def test_logits_that_are_not_numbers_are_never_right():
    model = linear(torch.full((6, 4), torch.nan))
    images = torch.full((3, 1, 2, 2), 0.5)
    result = evaluate(model, "noise", images, torch.zeros(3).long(), eps_list=[0.1])
    assert (result["clean_top1"], result["clean_top5"]) == (0, 0)
    assert result["rows"][0]["flipped"] == 0


@pytest.mark.parametrize("attack", ["noise", "pgd"])
def test_the_batch_does_not_matter(model, data, attack):
    big, small = (
        evaluate(model, attack, *data, eps_list=[0.1], batch=batch)["rows"][0] for batch in (60, 7)
    )
    same = set(big) - {"seconds"}
    for key in same:
        assert small[key] == pytest.approx(big[key], rel=1e-4), key


def test_a_full_memory_halves_the_batch(data):
    class Narrow(nn.Module):
        """No more than 8 pictures at a time."""

        def forward(self, x):
            if len(x) > 8:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return x.flatten(1)[:, :10]

    model = Classifier(
        Narrow(), name="n", class_names=digits.CLASSES, input_size=(8, 8), mean=(0.0,), std=(1.0,)
    )
    notices = []
    wide = evaluate(
        model, "fgsm", *data, eps_list=[0.1], batch=30, on_notice=notices.append, progress=None
    )
    narrow = evaluate(model, "fgsm", *data, eps_list=[0.1], batch=8)
    assert wide["rows"][0]["top1"] == narrow["rows"][0]["top1"]
    assert notices


def test_progress_counts_every_attacked_picture(model, data):
    seen = []
    radii = [0.1, 0.2, 0.1]
    result = evaluate(model, "fgsm", *data, eps_list=radii, batch=25, progress=seen.append)
    assert sum(seen) == 60 * runs("fgsm", radii) == 120
    assert [row["eps"] for row in result["rows"]] == radii
    assert result["rows"][0] == result["rows"][2]


def test_passes_are_counted(model, data):
    (row,) = evaluate(model, "bim", *data, eps_list=[0.1], parameters={"steps": 4})["rows"]
    assert (row["mean_queries"], row["mean_gradients"]) == (4, 4)
    assert row["seconds"] > 0


def test_a_larger_ball_never_leaves_more(model, data):
    rows = evaluate(model, "pgd", *data, eps_list=[0.01, 0.1, 0.2, 0.5])["rows"]
    left = [row["top1"] for row in rows]
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0]


@dataclass(frozen=True, kw_only=True)
class Halve(Attack):
    """Stands for minimum-norm attacks: no eps, and a distance of its own."""

    name, title, summary, equation = "halve", "Halve", "", ""
    norm = "linf"

    def perturb(self, oracle, images, aim):
        return images / 2


@attacks.REGISTRY.temporarily(Halve)
def test_without_an_eps_there_is_one_row_and_a_radius_is_a_limit():
    model = linear(torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0]]), torch.tensor([0.0, 0.375]))
    values = torch.tensor([0.4, 0.6, 1.0])  # halved: 0.2, 0.3 and 0.5, of which the last stays
    images = values.view(3, 1, 1, 1).expand(3, 1, 2, 2).contiguous()
    labels = torch.zeros(3).long()
    (row,) = evaluate(model, "halve", images, labels)["rows"]
    assert row["eps"] is None
    assert row["flipped"] == 2
    assert row["mean_linf"] == pytest.approx(0.25)
    rows = evaluate(model, "halve", images, labels, eps_list=[0.1, 0.25, 0.9])["rows"]
    assert [row["flipped"] for row in rows] == [0, 1, 2]
    assert [row["top1"] for row in rows] == pytest.approx([1, 2 / 3, 1 / 3])
    assert runs("halve", [0.1, 0.25, 0.9]) == 1


def test_mistakes(model, data):
    with pytest.raises(ValueError, match="fgsm needs at least one eps"):
        evaluate(model, "fgsm", *data)
    with pytest.raises(ValueError, match="fgsm has no steps"):
        evaluate(model, "fgsm", *data, eps_list=[0.1], parameters={"steps": 3})
    with pytest.raises(ValueError, match="attack must be one of"):
        evaluate(model, "zap", *data, eps_list=[0.1])


def test_larger_pictures_get_smaller_batches(data):
    assert 1 <= default_batch(torch.zeros(1, 3, 512, 512)) < default_batch(data[0])


def test_source_target_counts_the_right_pictures_of_the_source(model, data):
    images, labels = data
    goal = SourceTarget(3, 5)
    (row,) = evaluate(model, "pgd", images, labels, eps_list=[0.15], goal=goal)["rows"]
    adversarial = attacks.create("pgd", eps=0.15).run(model, images, labels, goal).x_adv
    of_source = (labels == 3) & (model(images).argmax(1) == 3)
    reached = of_source & (model(adversarial).argmax(1) == 5)
    assert (row["correct"], row["flipped"]) == (of_source.sum(), reached.sum())
    assert row["success_rate"] == pytest.approx(reached.sum() / of_source.sum())
    untouched = (adversarial == images).flatten(1).all(1)
    assert (untouched == (labels != 3)).all()


def test_a_target_leaves_out_the_pictures_that_are_of_it(model, data):
    images, labels = data
    (row,) = evaluate(model, "bim", images, labels, eps_list=[0.5], goal=Towards(4))["rows"]
    correct = model(images).argmax(1) == labels
    assert row["correct"] == (correct & (labels != 4)).sum() < correct.sum()
    assert 0 <= row["flipped"] <= row["correct"]


def test_goals_are_nested(model, data):
    """A target is harder than any other class, the least likely class is the hardest of them."""
    images, labels = data
    count = {
        goal.name: evaluate(model, "bim", images, labels, eps_list=[0.15], goal=goal)["rows"][0][
            "success_rate"
        ]
        for goal in (Untargeted(), Towards(4), LeastLikely())
    }
    assert count["untargeted"] >= count["targeted"] >= count["least-likely"]


def test_less_confidence_is_easier_the_less_is_asked_for(model, data):
    rates = [
        evaluate(model, "bim", *data, eps_list=[0.05], goal=ConfidenceReduction(drop))["rows"][0]
        for drop in (0.05, 0.3, 0.8)
    ]
    rates = [row["success_rate"] for row in rates]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > rates[-1]


@pytest.mark.parametrize("eps", [float("nan"), float("inf"), -1.0, 1e7])
@pytest.mark.parametrize("name", ["fgsm", "deepfool"])
def test_an_eps_that_is_no_radius_is_refused_also_as_a_limit(model, data, name, eps):
    with pytest.raises(ValueError, match="eps must be a number"):
        evaluate(model, name, *data, eps_list=[eps])


def test_an_eps_of_255ths_is_asked_about_once(model, data):
    told: list[str] = []
    evaluate(model, "fgsm", *data, eps_list=[0.1, 8, 8], on_notice=told.append)
    assert told == ["8 is beyond the whole range, as pixels are in [0, 1]; did you mean 8/255?"]


class Ended(Exception):
    pass


def test_an_evaluation_that_was_ended_goes_on_from_its_batches(model, data):
    finished: dict = {}
    asked = {"eps_list": [0.1], "batch": 16, "parameters": {"steps": 3}, "finished": finished}
    done: list[int] = []

    def stop(count: int) -> None:
        done.append(count)
        if sum(done) >= 32:
            raise Ended

    with pytest.raises(Ended):
        evaluate(model, "pgd", *data, **asked, progress=stop)
    assert [place[1:] for place in finished] == [(0, 16), (16, 32)]
    steps: list[int] = []
    rest = evaluate(model, "pgd", *data, **asked, on_step=lambda: steps.append(1))
    assert (
        len(steps) == 2 * 4
    )  # of the two batches that were left: each iterate, from the first one on
    whole = evaluate(model, "pgd", *data, **(asked | {"finished": None}))
    (row,), (expected,) = rest["rows"], whole["rows"]
    assert row | {"seconds": 0} == expected | {"seconds": 0}


def test_what_a_step_raises_ends_it(model, data):
    def stop() -> None:
        raise Ended

    with pytest.raises(Ended):
        evaluate(model, "pgd", *data, eps_list=[0.1], on_step=stop)


def test_a_detector_counts_clean_and_flipped_pictures(model, data):
    class Bright:
        """Flags pictures whose first pixel is not black."""

        name, threshold, device = "bright", 0.5, torch.device("cpu")

        def flags(self, images):
            return images[:, 0, 0, 0] > 0

    images, labels = data
    found = evaluate(model, "fgsm", images, labels, eps_list=[0.15], detector=Bright())
    adversarial = attacks.create("fgsm", eps=0.15)(model, images, labels)
    flipped = (model(images).argmax(1) == labels) & (model(adversarial).argmax(1) != labels)
    assert found["detector"] == {"name": "bright", "threshold": 0.5}
    assert found["clean_flagged"] == pytest.approx((images[:, 0, 0, 0] > 0).double().mean())
    share = (adversarial[flipped][:, 0, 0, 0] > 0).double().mean()
    assert 0 < share < 1
    assert found["rows"][0]["flagged"] == pytest.approx(share)
    assert "flagged" not in evaluate(model, "fgsm", *data, eps_list=[0.15])["rows"][0]
