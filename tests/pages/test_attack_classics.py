"""The tabs of the page Attack that show the decks' figures, without a browser."""

from tests.visiting import ran, text, visit


def captions(page):
    return [image.proto.imgs[0].caption for image in page.get("image")]


def choose(page, label, value):
    page.session_state["depth"] = "Classics"  # which AppTest does not keep
    next(group for group in page.button_group if group.label == label).set_value(value)
    ran(page.run())


def test_figures_are_built_up_on_the_page_s_picture():
    page = visit("attack", model="digits-cnn")
    page.session_state["depth"] = "Classics"
    ran(page.run())
    assert any(words.startswith("eps 0.5 = 63.8/255") for words in captions(page))
    choose(page, "Eps on the scale", "[0, 1], this page's")
    assert any(words.startswith("eps 0.5 = 127.5/255") for words in captions(page))
    choose(page, "Figure", "Panda")
    counts = {}
    for frame in "1235":
        choose(page, "Frame", frame)
        counts[frame] = len(captions(page))
        assert (" After: " in text(page)) == (frame == "5"), "the question is answered too early"
    assert counts["2"] == counts["1"] + 1 == counts["5"] - 1
    assert "“nematode” 8.2 %" in text(page)
    assert any("digits-cnn-pgd-at" in words for words in captions(page))


def test_the_constant_has_a_tab_with_its_attack_alone():
    page = visit("attack", model="digits-cnn", attack="cw-l2", **{"cw-l2.steps": "10"})
    assert "Constant c" in [tab.label for tab in page.tabs]
    page.session_state["depth"] = "Constant c"
    assert "The attack's searches: c " in text(ran(page.run()))
    page.selectbox(key="attack").set_value("fgsm")
    assert "Constant c" not in [tab.label for tab in ran(page.run()).tabs]
