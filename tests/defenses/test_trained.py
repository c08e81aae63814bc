"""Defences that are a training: which models have one, and how each is attacked."""

import pytest
import torch

from robust_core import attacks, defenses, zoo
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defended
from robust_core.evaluation.defense_table import results
from robust_core.words.numbers import share


def linear(weight: torch.Tensor) -> Classifier:
    """A classifier of 1 x 1 x d pictures with logits ``weight @ x``."""
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(weight.shape[1], len(weight)))
    network[1].weight.data, network[1].bias.data = weight, torch.zeros(len(weight))
    names = tuple(map(str, range(len(weight))))
    size = (1, weight.shape[1])
    return Classifier(
        network, name="linear", class_names=names, input_size=size, mean=(0.0,), std=(1.0,)
    ).eval()


def test_the_weights_of_another_training_stand_in():
    model = zoo.load("digits-cnn", "cpu")
    defended = defenses.create("pgd-at")(model)
    assert defended.base is zoo.load("digits-cnn-pgd-at", "cpu")
    assert defended.undefended is model
    assert defended.victim is model
    images = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(defended(images), defended.base(images))


def test_pgd_training_withstands_what_the_undefended_network_does_not(digits_test):
    images, labels = digits_test
    model = zoo.load("digits-cnn", "cpu")
    defended = defenses.create("pgd-at")(model)
    attack = attacks.create("pgd", eps=0.1)

    def right(which):
        with torch.no_grad():
            adversarial = attack(which, images, labels, adaptive=True)
            return (which(adversarial).argmax(1) == labels).float().mean()

    assert right(defended) > right(model) + 0.3


def test_a_model_without_such_a_training_is_refused():
    defense = defenses.create("pgd-at")
    model = linear(torch.eye(3))
    sentence = "pgd-at needs a trained network, linear-pgd-at; there is one for .*digits-cnn"
    with pytest.raises(ValueError, match=sentence):
        defense(model)
    assert "linear-pgd-at" in defense.refusal("linear")
    assert not defense.refusal("digits-cnn")


@pytest.mark.parametrize(
    ("name", "values", "suffix"),
    [
        ("fgsm-at", {}, "fgsm-at"),
        ("fgsm-at", {"alpha": 0.5}, "fgsm-at-half"),
        ("distilled", {}, "distilled-t100"),
        ("distilled", {"temperature": 20}, "distilled-t20"),
        ("pixeldp", {"n": 7}, "pixeldp"),
    ],
)
def test_fields_choose_the_weights(name, values, suffix):
    assert defenses.create(name, **values).suffix == suffix


def test_only_values_that_were_trained():
    with pytest.raises(ValueError, match=r"alpha must be one of 0.0, 0.5; got 0.3"):
        defenses.create("fgsm-at", alpha=0.3)
    with pytest.raises(ValueError, match="temperature must be one of 20, 100; got 50"):
        defenses.create("distilled", temperature=50)


def saturated_pair() -> tuple[Classifier, torch.Tensor, torch.Tensor]:
    """A linear network whose logits are far apart, and pictures that it is sure of."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 12, generator=generator)
    images = 0.3 + 0.4 * torch.rand(40, 1, 1, 12, generator=generator)
    small = linear(weight)
    with torch.no_grad():
        return linear(500 * weight), images, small(images).argmax(1)


def test_distillation_masks_softmax_and_not_the_logits():
    """Logits T times as large: nothing to differentiate in softmax, all of it in logits / T."""
    model, images, labels = saturated_pair()
    defense = defenses.create("distilled")
    defended = Defended(defense, model, model)
    assert defended.victim is defended
    fgsm = attacks.create("fgsm", eps=0.3)
    naive = defense.of_unaware(fgsm)
    assert naive.parameters == {"eps": 0.3, "loss": "softmax-ce"}
    blind = naive.run(defended, images, labels)
    assert blind.zero_gradients.float().mean() > 0.7
    seeing = naive.run(defended, images, labels, adaptive=True)
    assert seeing.success.sum() > 2 * blind.success.sum()
    with torch.no_grad():
        assert torch.equal(defended(images).argmax(1), labels)


def test_scaled_logits_keep_every_answer_and_change_fgsm():
    """Scaling by s > 0 keeps accuracy exactly; FGSM by softmax falls; by the margin it does not change."""
    model, images, labels = saturated_pair()
    shares, successes, by_margin = [], [], []
    small = linear(model.network[1].weight.detach() / 500)
    for scale in (1, 10, 100):
        defense = defenses.create("saturated", scale=scale)
        defended = Defended(defense, small, small)
        with torch.no_grad():
            assert torch.equal(defended(images).argmax(1), labels)
        record = defense.of_unaware(attacks.create("fgsm", eps=0.3)).run(defended, images, labels)
        shares.append(record.zero_gradients.float().mean().item())
        successes.append(int(record.success.sum()))
        margin = attacks.create("fgsm", eps=0.3, loss="margin").run(defended, images, labels)
        by_margin.append(int(margin.success.sum()))
        adaptive = defense.of_aware(attacks.create("fgsm", eps=0.3))
        assert adaptive.run(defended, images, labels, adaptive=True).success.sum() >= successes[0]
    assert shares == sorted(shares)
    assert shares[-1] > shares[0]
    assert successes[-1] < successes[0]
    assert len(set(by_margin)) == 1


def test_attacks_without_a_loss_are_left_as_they_are():
    deepfool = attacks.create("deepfool")
    assert defenses.create("distilled").of_unaware(deepfool) is deepfool


def test_the_exhibit_of_catastrophic_overfitting_swaps_one_step_for_many():
    defense = defenses.create("fgsm-at-plain")
    for name in ("bim", "pgd"):
        one = defense.of_unaware(attacks.create(name, eps=0.2, loss="margin"))
        assert one == attacks.create("fgsm", eps=0.2, loss="margin")
    many = defense.of_aware(attacks.create("fgsm", eps=0.2, loss="margin"))
    assert many == attacks.create("pgd", eps=0.2, loss="margin")
    for name in ("pgd-l2", "pgd-t", "bim-l2", "deepfool"):
        other = attacks.create(name)
        assert defense.of_unaware(other) is other
        assert defense.of_aware(other) is other


def test_the_equation_of_fgsm_training_has_the_start_and_the_step_that_were_trained():
    objective = zoo.index()["cifar10-resnet32-fgsm-at"]["recipe"]["objective"]
    assert objective["random_start"]
    assert f"{objective['step'] / objective['eps']:.2f}" in defenses.get("fgsm-at").equation
    assert r"\eta \sim U" in defenses.get("fgsm-at").equation


def test_label_leaking_is_named_where_it_is_seen():
    report = results.report()
    clean = report.accuracy("fgsm-at-plain").accuracy.value
    fooled = report.accuracy("fgsm-at-plain", "unaware", "pgd").accuracy.value
    assert fooled > clean
    told = defenses.get("fgsm-at-plain").broken_by
    assert "label leaking" in told
    assert f"{share(fooled)} are right, and {share(clean)} when clean" in told
