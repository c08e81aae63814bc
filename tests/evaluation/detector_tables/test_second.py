"""Second models on a bench: those that exist, asked about the bench's own pictures, once."""

from dataclasses import replace

import pytest
import torch

from robust_core import defenses, zoo
from robust_core.attacks import FGSM
from robust_core.detectors.fallback import Second, fallback
from robust_core.detectors.measure import Answers
from robust_core.detectors.rejection import sweep
from robust_core.evaluation.detector_tables import second
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.reject import SHARES, curves
from robust_core.evaluation.detector_tables.rows import RejectRow
from tests.tables import table

ATTACKS = {"static": FGSM(eps=4 / 255), "adaptive": FGSM(eps=8 / 255)}
IMAGES = torch.randint(
    0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
)
GRID = torch.tensor([0.2, 0.5, 1.0], dtype=torch.float64)


class Made:
    """Adversarial pictures by rows."""

    def __init__(self, images, adversarial):
        self.images, self.adversarial = images, adversarial

    def pairs(self, rows, device):
        return self.images[rows], self.adversarial[rows]


@pytest.fixture
def bench(resnet, monkeypatch):
    """Six pictures whose classes are what the classifier says of them; JPEG and median alone."""
    few = {name: second.SECONDS[name] for name in ("jpeg", "median")}
    monkeypatch.setattr(second, "SECONDS", few)
    floats = IMAGES.float() / 255
    labels = resnet(floats).argmax(1)
    crafted = []

    def craft(attack, n):
        crafted.append(attack)
        return Made(floats[:n], attack(resnet, floats[:n], labels[:n]))

    bench = DetectorBench({}, None, resnet, IMAGES, labels, load={}.get, craft=craft)
    bench.crafted = crafted
    return bench


@pytest.fixture
def answers() -> dict[str, Answers]:
    """Of the same clean pictures under either adversary."""
    draw = torch.Generator().manual_seed(1)
    genuine, *adversarial = (torch.rand(6, generator=draw) for _ in range(3))
    before, *after = (torch.rand(6, generator=draw) < 0.5 for _ in range(3))
    return {
        kind: Answers(genuine, adversarial[i], before, after[i]) for i, kind in enumerate(ATTACKS)
    }


def test_a_second_model_is_asked_about_the_pictures_of_the_bench_and_once(bench, resnet):
    jpeg = second.existing(bench)["jpeg"]
    attack = ATTACKS["static"]
    right = bench.right(jpeg, attack, 6)
    adversarial = attack(resnet, IMAGES.float() / 255, bench.labels)
    assert torch.equal(right, jpeg(adversarial).argmax(1) == bench.labels)
    clean = bench.right(jpeg, None, 6)
    assert torch.equal(clean, jpeg(IMAGES.float() / 255).argmax(1) == bench.labels)
    assert torch.equal(bench.right(jpeg, attack, 6), right)
    assert bench.crafted == [attack]
    assert bench.right(resnet, None, 6).all()


def test_what_is_written_gives_back_the_policies(bench, answers):
    models = second.existing(bench)
    assert list(models) == ["jpeg", "median"]
    shares = {}
    for kind, said in answers.items():
        swept = sweep(said, GRID)
        shares[kind] = {name: getattr(swept, name).tolist() for name in SHARES}
    seconds = second.shares(bench, models, answers, ATTACKS, GRID)
    row = table(RejectRow, thresholds=GRID.tolist(), **shares, second=seconds)
    for name, model in models.items():
        for kind, policy in curves(row, name).items():
            its = Second(bench.right(model, None, 6), bench.right(model, ATTACKS[kind], 6))
            direct = fallback(answers[kind], its, policy.thresholds)
            assert torch.allclose(policy.second_right, direct.second_right, atol=1e-9)
            assert torch.allclose(policy.harm, direct.harm, atol=1e-9)
    assert curves(row)["static"].harm[0] == 0


def test_what_is_missing_says_why(weights_folder, bench, monkeypatch):
    model = bench.classifier.name
    known = second.about(second.existing(bench))
    assert known["jpeg"].weights == model
    assert known["jpeg"].parameters["quality"] == 75
    assert known["jpeg"].weights_sha256 == zoo.index()[model]["sha256"]
    assert second.missing(known, model) == {}
    assert "has not been measured yet" in second.missing({}, model)["median"]
    other = known | {"jpeg": replace(known["jpeg"], weights_sha256="of others")}
    assert list(second.missing(other, model)) == ["jpeg"]
    assert "other weights" in second.missing(other, model)["jpeg"]
    monkeypatch.setattr(second, "SECONDS", {"distilled": ("robust", {})})
    assert defenses.create("distilled").refusal("resnet50")
    assert "distilled needs" in second.missing({}, "resnet50")["distilled"]


def test_all_second_models_can_be_made():
    for name, (_, fields) in second.SECONDS.items():
        made = second.second(name)
        assert made.name == name
        assert fields.items() <= made.parameters.items()
