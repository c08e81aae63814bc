"""Relative changes: on networks where they are known without asking."""

import pytest
import torch
from torch import nn

from robust_core.inside import relative_changes


def test_a_brighter_picture_changes_every_layer_without_a_bias_alike(classifier, pictures):
    """Such layers are homogeneous: a(c x) = c a(x), so that each changes by c - 1."""
    model = classifier(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8, 3, bias=False),
    )
    clean = pictures(3, (3, 6, 5))
    found = relative_changes(model, clean, 1.25 * clean)
    assert found.layers == ("picture", "0", "1", "2", "4")
    assert found.kinds == ("", "Conv2d", "ReLU", "MaxPool2d", "Linear")
    torch.testing.assert_close(found.values, torch.full((3, 5), 0.25, dtype=torch.float64))


def test_a_linear_layer_changes_by_its_weights(classifier, pictures):
    model = classifier(nn.Flatten(), nn.Linear(90, 3))
    clean, others = pictures(1, (3, 6, 5)), pictures(4, (3, 6, 5), seed=1)
    told = []
    found = relative_changes(model, clean, others, lambda k, n: told.append((k, n)))
    before, after = model(clean), model(others)
    torch.testing.assert_close(found.values[:, 1], (after - before).norm(dim=1) / before.norm())
    torch.testing.assert_close(
        found.values[:, 0], (others - clean).flatten(1).norm(dim=1) / clean.norm()
    )
    assert told == [(k, 5) for k in range(6)]
    for row, other in zip(found.values, others, strict=True):
        assert torch.equal(relative_changes(model, clean, other[None]).values[0], row)


def test_an_equal_picture_changes_nothing_and_nothing_is_no_measure(classifier, pictures):
    model = classifier(nn.Conv2d(3, 2, 1, bias=False), nn.Flatten(), nn.Linear(60, 3))
    clean = pictures(1, (3, 6, 5))
    assert relative_changes(model, clean, clean).values.tolist() == [[0.0] * 3]
    black = torch.zeros_like(clean)
    values = relative_changes(model, black, clean).values[0]
    assert values.isnan().tolist() == [True, True, False]


def test_a_module_called_twice_is_two_layers(classifier, pictures):
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(90, 90, bias=False)
            self.act = nn.Tanh()
            self.last = nn.Linear(90, 3, bias=False)

        def forward(self, x):
            return self.last(self.act(self.act(self.first(x.flatten(1)))))

    clean = pictures(1, (3, 6, 5))
    found = relative_changes(classifier(Twice()), clean, clean)
    assert found.layers == ("picture", "0.first", "0.act", "0.act (2)", "0.last")
    assert found.last_of("0.act") == 3
    assert found.last_of("0") == 4
    with pytest.raises(ValueError, match="module must have"):
        found.last_of("1")


def test_other_layers_for_another_picture_are_refused(classifier, pictures):
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.act, self.last = nn.Tanh(), nn.Linear(90, 3)

        def forward(self, x):
            x = x.flatten(1)
            return self.last(self.act(x) if x.mean() > 0.5 else x)

    clean = pictures(1, (3, 6, 5))
    model = classifier(Moody())
    for one, other in ((clean, clean + 0.3), (clean + 0.3, clean)):
        with pytest.raises(ValueError, match="the same layers for every picture"):
            relative_changes(model, one, other)


@pytest.mark.parametrize("shape", [(2, 3, 6, 5), (0, 3, 6, 5), (1, 3, 6, 6)])
def test_pictures_that_do_not_go_together_are_refused(classifier, pictures, shape):
    model = classifier(nn.Flatten(), nn.Linear(90, 3))
    with pytest.raises(ValueError, match=r"pictures|images"):
        relative_changes(model, pictures(3, (3, 6, 5)), torch.zeros(shape, dtype=torch.float64))
