"""The left column: the picture stands above its model; the fit is asked for only where it is needed."""

from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.dashboard import left_column
from robust_core.dashboard.request import Chosen
from robust_core.data import samples


def column() -> None:
    import streamlit as st

    from robust_core.dashboard import left_column

    essentials, more, right = left_column.lay_out("Title")
    with essentials:
        model, chosen = left_column.choose_model_and_picture()
    with more:
        st.session_state["_how"] = left_column.choose_fit(model, chosen)
    with right:
        left_column.show_credit(chosen)


def test_the_picture_stands_above_the_model_that_it_depends_on():
    page = AppTest.from_function(column, default_timeout=60).run()
    assert not page.exception
    assert page.markdown[0].value == "# Title"
    labels = [box.label for box in page.selectbox]
    assert labels.index("Sample picture") < labels.index("Model")
    assert any("[Source](" in each.value for each in page.caption)


def test_a_picture_of_the_models_size_needs_no_fit():
    own = Chosen(samples.load("digits-test-3").picture, "sample:digits-test-3")
    model = zoo.describe("digits-cnn")
    assert left_column.choose_fit(model, own) == "crop"

    def other() -> None:
        from robust_core import zoo
        from robust_core.dashboard import left_column
        from robust_core.dashboard.request import Chosen
        from robust_core.data import samples

        digit = Chosen(samples.load("digits-test-3").picture, "sample:digits-test-3")
        left_column.choose_fit(zoo.describe("cifar10-resnet32"), digit)
        left_column.show_credit(digit)

    page = AppTest.from_function(other, default_timeout=60).run()
    assert not page.exception
    (fit,) = page.segmented_control
    assert fit.label == "Fit to the model"
    assert not page.caption, "nobody is to be named"
