"""Universal and stickers: bundled at once, fitted on demand, without a browser."""

import re

import pytest
import torch

from robust_core import zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard.components import sticker
from robust_core.dashboard.components.sticker import Place, place_of
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.universal import charts, measured, pictures
from robust_core.dashboard.universal.fitting import (
    Fitting,
    Growing,
    Judge,
    attack_of,
    bundled,
    learning_curve,
)
from robust_core.dashboard.universal.sticking import work
from robust_core.dashboard.universal.toy import plane, told, walk
from robust_core.data import samples
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.universal import results
from robust_core.goals import Towards
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
    attack = attack_of("patch", scale=0.25)
    model, grey = zoo.load("digits-cnn", "cpu"), torch.full((1, 1, 4, 4), 0.5)
    half = attack.unfinished(model, torch.zeros(100, 1, 8, 8), Towards(0), grey, [0.1, 0.2])
    with stopping("Fitting adversarial patch to 100 pictures", Growing((0.1, 0.2), (), 30, half)):
        visited = visit("universal", **options)
        assert not visited.exception
    page = ran(visited.run())
    assert "Below is what 2 of 10 rounds have fitted, unfinished." in text(page)
    assert "fitted here, stopped after 2 rounds: to 100 training pictures" in text(page)
    assert "Drag the sticker over the picture" in text(page)
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
    assert [len(growing.passes) for growing in shown if growing.passes][-1] == 2
    assert list(shown[-1].passes) == found.record["curve"]
    assert not shown[0].passes, "the first is within a pass"
    first = shown[0].fitted.record
    assert {key: found.record[key] for key in first if key not in ("curve", "dominant")} == {
        key: first[key] for key in first if key not in ("curve", "dominant")
    }
    assert torch.equal(shown[-1].fitted.delta, direct.delta)
    assert found.record["data"] == "digits"
    assert asked.key != Fitting(asked.model, asked.attack, 51).key


def test_a_pass_under_way_is_judged_by_a_few_pictures_evenly_spread():
    model, images = (
        zoo.load("digits-cnn", "cpu"),
        zoo.spec("digits-cnn").record.pictures("train")[0],
    )
    images = images[:200]
    judge = Judge(attack_of("uap", eps=0.5), None, model, images)
    assert next(done for done in range(1, 201) if judge.is_due(done)) == 10
    judge.look(torch.zeros_like(images[:1]), 10)
    assert judge.growing().within == ((0.05, 0.0),), "without a change nothing is fooled"
    assert next(done for done in range(1, 201) if judge.is_due(done)) == 30
    assert not judge.is_due(200), "the end of a pass has its own"
    judge.end(0.25)
    few = images[::6][:30]
    noise = torch.rand_like(images[:1])
    judge.look(noise, 100)
    with torch.no_grad():
        before, after = (model(x).argmax(1) for x in (few, (few + noise).clamp(0, 1)))
    share = (before != after).double().mean().item()
    assert judge.growing().within[-1] == (1.5, share)
    assert judge.growing().few == len(few) == 30
    figure = learning_curve(judge.growing(), "round", "fooled")
    assert [trace.name for trace in figure.data] == ["on 30 of them, on the way", "on all pictures"]
    assert list(figure.data[0].x) == [0.05, 1.5]
    assert list(figure.data[1].y) == [0.25]


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
    assert ("Other networks" in names) is (model == "cifar10-resnet32")
    said = text(page)
    assert "`python -m robust_core evaluate --suite universal --part" in said
    assert "eps 10/255 in Linf" in said


@pytest.mark.parametrize("model", ["cifar10-resnet32", "imagenette-resnet"])
def test_of_a_sticker_its_own_figures_are_shown_and_it_opens_with_one_size(model):
    page = ran(visit("universal", model=model, shared="patch"))
    assert [tab.label for tab in page.tabs] == ["Test set", "By area", "By place"]
    shown = zoo.load_universal(zoo.universals(model, "patch")[0])
    assert page.slider(key="sticker_area").value == round(100 * shown.scale)
    rows = [row for row in results.rows("patches") if row["fitted_to"] == model]
    table = page.dataframe[0].value
    assert table["On the picture"].tolist() == [charts.sticker_name(row) for row in rows]
    assert table.iloc[0, 2] == f"{100 * rows[0]['rate']:.1f} %"
    assert "random places and angles on test pictures" in text(page)


def test_the_picture_chosen_comes_first():
    """With the data set, among its test pictures; without it, among the photographs of the package."""
    model = zoo.describe("imagenette-resnet")
    others = pictures.held_out(model, 0)
    third, elsewhere = (samples.catalogue(model.family)[k] for k in (2, -1))
    for sample in (third, elsewhere):
        chosen = Chosen(sample.picture, f"sample:{sample.id}")
        own = chosen.fitted(model, "crop")
        shown = pictures.with_chosen(model, 0, own, chosen)
        among = sample.title in others.names
        assert shown.names[0] == sample.title
        assert (shown.pixels[0] == own).all()
        many = len(others.names) if among else min(pictures.MANY, len(others.names) + 1)
        assert len(set(shown.names)) == len(shown.pixels) == many
        assert len(set(shown.names) & set(others.names)) == many - (not among)


def test_every_figure_is_drawn_from_the_committed_rows():
    for model in ("cifar10-resnet32", "imagenette-resnet"):
        for patch in (False, True):
            for rows, draw in measured._parts(model, patch).values():
                assert not rows or measured.conditions(rows)
                assert callable(draw)
    rows = results.rows("transfer")
    assert len(charts.transfer(rows).data[0].y) == len({row["model"] for row in rows})
    eps = charts.against(results.rows("eps"), charts.eps_of, "eps")
    assert {line.name for line in eps.data} == {"random noise", "Universal perturbation (SGD)"}
    patches = [row for row in results.rows("patches") if row["fitted_to"] == "cifar10-resnet32"]
    assert len(charts.areas(patches).data) == len(patches) == 3
    assert len(charts.heat(patches[0]).data[0].z) == 7
