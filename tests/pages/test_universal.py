"""Universal and stickers: bundled at once, fitted on demand, without a browser."""

import re

import pytest
import torch

from robust_core import zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard.components import sticker
from robust_core.dashboard.components.sticker import Place, place_of
from robust_core.dashboard.universal import charts, measured
from robust_core.dashboard.universal.fitting import Fitting, attack_of, bundled
from robust_core.dashboard.universal.sticking import work
from robust_core.dashboard.universal.toy import plane, told, walk
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.universal import results
from robust_core.zoo.bundled_universals import entry_of
from tests.visiting import ran, text, visit

DIGITS = {"model": "digits-cnn", "universal_n": "100"}
COUNT = re.compile(r"changes the answer on (\d+) of (\d+) pictures")


class Progress:
    """Of work that is not shown to anybody."""

    def __call__(self, *step):
        pass

    def notice(self, sentence):
        raise AssertionError(sentence)


def counts(page) -> tuple[int, int]:
    found = COUNT.search(text(page))
    assert found, text(page)
    return int(found[1]), int(found[2])


def button(page, label: str):
    return next((each for each in page.button if each.label == label), None)


@pytest.mark.parametrize(
    ("model", "kind"),
    [(entry["model"], entry["kind"]) for entry in map(entry_of, zoo.universals())],
)
def test_what_is_bundled_is_shown_at_once_without_any_data(model, kind):
    page = ran(visit("universal", model=model, shared=kind))
    said = text(page)
    assert bundled(model, kind) in said
    assert "the photographs that come with this page" in said
    assert "Random noise of the same size changes it on" in said
    assert button(page, "Fit it here") is None  # the data set is not here


def test_digits_are_fitted_live_and_a_larger_budget_fools_more(nothing_kept):
    weak = ran(visit("universal", **DIGITS, universal_any_eps="True", universal_eps255="8"))
    assert "8/255 in Linf" in text(weak)
    strong = ran(visit("universal", **DIGITS, universal_any_eps="False", universal_eps="0.5"))
    assert counts(strong)[0] > counts(weak)[0]
    assert counts(strong)[1] == counts(weak)[1] == 12
    assert "fitted here: to 100 training pictures of digits" in text(strong)


def test_a_sticker_is_fitted_on_demand_and_stopped_work_is_offered_again(nothing_kept, stopping):
    options = DIGITS | {"shared": "patch", "sticker_area": "25"}
    with stopping("Fitting adversarial patch to 100 pictures"):
        visited = visit("universal", **options)
        assert not visited.exception
    page = ran(visited.run())
    assert button(page, "Run it again") is not None
    page = ran(button(page, "Run it again").click().run())
    assert "Drag the sticker over the picture" in text(page)
    assert re.search(r'makes the model say "0" to \d+ of 12 pictures', text(page))


def test_what_is_asked_for_is_what_the_core_fits(nothing_kept):
    asked = Fitting(zoo.describe("digits-cnn"), attack_of("uap-sgd", eps=0.3, passes=2), 50)
    shown = []

    progress = Progress()
    progress.show = shown.append
    found = asked.work(progress)
    images, labels = zoo.spec("digits-cnn").record.pictures("train")
    direct = asked.attack.fit(zoo.load("digits-cnn", "cpu"), images[:50], labels[:50])
    assert torch.equal(found.delta, direct.delta)
    assert [len(curve) for curve in shown] == [1, 2]
    assert found.record["data"] == "digits"
    assert asked.key != Fitting(asked.model, asked.attack, 51).key


def test_the_sticker_is_pasted_where_it_lies():
    name = zoo.universals("imagenette-resnet", "patch")[0]
    patch = zoo.load_universal(name)
    assert isinstance(patch, PatchUniversal)
    pixels = to_pixels(torch.full((1, 3, 128, 128), 0.5))[0]
    at = Place(row=0.3, column=0.7, area=0.05, angle=30.0)
    shares = work(patch, "imagenette-resnet", pixels, at, Progress())
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    model = zoo.load("imagenette-resnet", "cpu")
    pasted = patch.apply(images, at=(0.3, 0.7), scale=0.05, angle=30.0)
    for given, found in (
        (pasted, shares),
        (images, work(patch, "imagenette-resnet", pixels, None, Progress())),
    ):
        with torch.no_grad():
            wanted = model(given).double().softmax(1)[0].tolist()
        assert found == pytest.approx(wanted, abs=1e-6)
        assert sum(found) == pytest.approx(1)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        {"place": "here"},
        {"place": {"row": 0.5, "column": 0.5, "area": 0.1}},
        {"place": {"row": 0.5, "column": 2.0, "area": 0.1, "angle": 0}},
        {"place": {"row": float("nan"), "column": 0.5, "area": 0.1, "angle": 0}},
        {"place": {"row": True, "column": 0.5, "area": 0.1, "angle": 0}},
        {"place": {"row": 0.5, "column": 0.5, "area": "0.1", "angle": 0}},
    ],
)
def test_what_a_browser_sends_of_the_sticker_is_checked(monkeypatch, sent):
    monkeypatch.setattr(sticker.st, "session_state", {"key": sent})
    assert place_of("key", Place(0.1, 0.2, 0.3, 4)) == Place(0.1, 0.2, 0.3, 4)
    right = {"place": {"row": 0, "column": 1, "area": 0.2, "angle": -90}}
    monkeypatch.setattr(sticker.st, "session_state", {"key": right})
    assert place_of("key", Place()) == Place(0.0, 1.0, 0.2, -90.0)


def test_the_toy_tells_each_step():
    steps = walk()
    assert told(steps, 0).startswith("v = 0")
    assert "has left 3 of 3 regions" in told(steps, len(steps))
    assert "may not move" in told(walk(radius=0.0), 1)
    figure = plane(steps, 2.0)
    assert len(figure.data) == 5
    assert len(figure.data[-1].x) == len(steps) + 1


@pytest.mark.parametrize("model", ["cifar10-resnet32", "imagenette-resnet"])
def test_what_was_measured_is_shown_with_its_conditions(model):
    page = ran(visit("universal", model=model))
    names = [tab.label for tab in page.tabs]
    assert "Test set" in names
    assert "A sticker's area" in names
    assert ("Other networks" in names) is (model == "cifar10-resnet32")
    said = text(page)
    assert "`python -m robust_core evaluate --suite universal --part" in said
    assert "eps 10/255 in Linf" in said


def test_every_figure_is_drawn_from_the_committed_rows():
    for model in ("cifar10-resnet32", "imagenette-resnet"):
        for rows, draw in measured._parts(model).values():
            assert not rows or measured.conditions(rows)
            assert callable(draw)
    rows = results.rows("transfer")
    assert len(charts.transfer(rows).data[0].y) == len({row["model"] for row in rows})
    eps = charts.against(results.rows("eps"), charts.eps_of, "eps")
    assert {line.name for line in eps.data} == {"random noise", "Universal perturbation (SGD)"}
    patches = [row for row in results.rows("patches") if row["fitted_to"] == "cifar10-resnet32"]
    assert len(charts.areas(patches).data) == len(patches) == 3
    assert len(charts.heat(patches[0]).data[0].z) == 7
