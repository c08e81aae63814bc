"""The study section: settings come from the index, the quoted and the computed stay apart."""

from robust_core import zoo
from robust_core.dashboard.detectors import study


def test_of_the_paper_s_second_study_quoted_and_computed_are_apart():
    quoted = " ".join(text for _, text in study.IMAGENET)
    for computed in ("2,289,281", "512 × 14 × 14"):
        assert computed in study.computed()
        assert computed not in quoted
    assert quoted.count("0 to 255") == 2


def test_the_settings_stand_beside_those_of_the_paper(bundle):
    bundle("cifar10-resnet32-ad2-bim-2-255")
    index = zoo.index()
    table = study.settings(index)
    share = 100 * index["cifar10-resnet32"]["accuracy"]
    assert f"| accuracy on the test set | 91.3 % | {share:.1f} % |" in table
    assert all(len(line.split("|")) == 5 for line in table.splitlines())
    assert study.pipeline().count("<b>") == 4
