"""Home: the example is computed, and the doors, lessons and quotes are there."""

from robust_core.dashboard.home import example, words
from robust_core.paths import ROOT
from robust_core.words.lessons import LESSONS
from robust_core.words.verdict import said
from tests.visiting import ran, text, visit


def links(page) -> dict[str, str]:
    """Where each link of the page itself leads, by its words."""
    return {link.proto.label: link.proto.page for link in page.get("page_link")}


def test_the_example_is_what_the_core_computes_and_a_link_leads_to_it():
    page = ran(visit("home"))
    found = example.request().work(lambda *_: None)
    assert found.success
    assert f"## {example.headline(found)}" in [m.value for m in page.markdown]
    captions = [image.proto.imgs[0].caption for image in page.get("image")]
    assert len(captions) == 3
    assert said(found.before[0]) in captions[0]
    assert said(found.after[0]) in captions[2]
    assert captions[0].startswith(f"You see: {found.label.label}")
    attack = ran(visit(None, attack=example.ATTACK))
    assert said(found.after[0]) in "\n".join(m.value for m in attack.markdown)


def test_three_doors_the_reasons_and_five_lessons():
    page = ran(visit("home"))
    told = text(page)
    for part in (words.DEFINITION, words.SAFETY, words.ROBUST, words.USED):
        assert part in told
    assert [door.title for door in words.DOORS] == ["Attacks", "Defences", "Verification"]
    there = links(page)
    for door in words.DOORS:
        for script, label in door.pages:
            assert label in there
            assert (ROOT / script).is_file()
    assert [lesson.number for lesson in LESSONS] == [1, 2, 3, 4, 5]
    for lesson in LESSONS:
        assert lesson.title in told
        assert lesson.question in told
