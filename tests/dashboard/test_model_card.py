"""The card of a model on the page: closed it costs nothing; a curve is drawn where there is one."""

import json

from robust_core import zoo
from robust_core.dashboard.model_card import learning_curve
from tests.visiting import visit
from tests.words.test_model_card import CURVE, twice_trained


def test_a_line_for_each_measure_that_every_epoch_has():
    figure = learning_curve(CURVE)
    drawn = [list(line.y) for line in figure.data]
    assert drawn == [[point[key] for point in CURVE] for key in ("accuracy", "loss", "rate")]
    assert all(list(line.x) == [1, 2, 3] for line in figure.data)
    assert len({line.line.dash + line.line.color for line in figure.data}) == 3
    partly = [CURVE[0], {"loss": 1.0, "rate": 0.1}]
    assert len(learning_curve(partly).data) == 2


def test_the_card_opens_with_a_chart_only_where_there_is_a_curve(weights_folder):
    entries = zoo.index()
    entries["digits-cnn"] = entries["digits-cnn"] | {"curve": CURVE}
    (weights_folder / "index.json").write_text(json.dumps(entries))
    page = visit(model="digits-cnn")
    assert "learning_curve" not in charts(page)
    page.session_state["model_card"] = True
    page.run()
    assert not page.exception
    assert any("85,066 parameters" in caption.value for caption in page.caption)
    assert "learning_curve" in charts(page)
    page.selectbox(key="model").set_value("digits-cnn-pgd-at").run()
    assert not page.exception
    assert any("digits-cnn-pgd-at" in caption.value for caption in page.caption)
    assert "learning_curve" not in charts(page)


def test_whose_the_curve_is_stands_below_it(weights_folder):
    (weights_folder / "index.json").write_text(json.dumps(twice_trained()))
    page = visit(model="digits-cnn")
    page.session_state["model_card"] = True
    page.run()
    assert not page.exception
    assert "learning_curve" in charts(page)
    assert any("that of a second run" in caption.value for caption in page.caption)


def charts(page) -> str:
    """The ids of the charts on the page, which hold their keys."""
    return " ".join(chart.proto.id for chart in page.get("plotly_chart"))
