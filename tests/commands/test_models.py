"""``models``: every model once, in groups, with what it sees and needs."""

from robust_core import zoo
from robust_core.words import models


def test_every_model_is_listed_once_under_its_heading(command):
    listed = command("models", "--json").json["models"]
    assert [one["name"] for one in listed] == [n for group in models.groups() for n in group.names]
    by_name = {one["name"]: one for one in listed}
    assert by_name["cifar10-resnet32"]["here"]
    assert by_name["imagenet-squeezenet1_0"]["download"] == 4_778_000
    lines = command("models").out.splitlines()
    assert sum(line.startswith("  ") for line in lines) == len(zoo.names())
    assert "Digits: 8 px, 10 classes, bundled" in lines
