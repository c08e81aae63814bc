"""What is compared with what, from made-up entries of an index."""

import pytest

from robust_core.evaluation.detector_tables import plan

LINF = {"steps": 10, "step_size": 1 / 255}


def entry(adversary, n=None, point="AD(2)", top1=0.1, method="subnetwork", **parameters):
    """An entry whose adversary has an eps of ``n`` / 255 (None: it has none)."""
    eps = None if n is None else n / 255
    known = ({} if n is None else {"eps": eps}) | parameters
    return {
        **{
            "model": "cifar10-resnet32",
            "method": method,
            "adversary": adversary,
            "eps": eps,
            "point": point,
        },
        **{"top1_adversarial": top1, "recipe": {"parameters": known}},
    }


FULL = {
    "bim-2": entry("bim", 2, top1=0.01, **LINF),
    "bim-1": entry("bim", 1, top1=0.25, **LINF),
    "bim-1-ad4": entry("bim", 1, point="AD(4)", top1=0.25, **LINF),
    "bim-1-ad0": entry("bim", 1, point="AD(0)", top1=0.25, **LINF),
    "fgsm-4": entry("fgsm", 4, top1=0.1),
    "fgsm-1": entry("fgsm", 1, top1=0.35),
    "fgsm-2": entry("fgsm", 2, top1=0.28),
    "deepfool-ad2": entry("deepfool"),
    "deepfool-ad4": entry("deepfool", point="AD(4)"),
    "dynamic": entry("dynamic", 1, **LINF),
    "several": entry(["fgsm", "bim"], fgsm={"eps": 2 / 255}, bim={"eps": 1 / 255, **LINF}),
    "safety": entry(["fgsm", "deepfool"], method="safetynet", point=None),
    "squeezing": entry(None, method="squeezing", point=None),
}


@pytest.mark.parametrize(
    ("name", "eps"),
    [
        ("bim-2", {"linf": 2 / 255}),
        ("dynamic", {"linf": 1 / 255}),
        ("several", {"linf": 2 / 255}),
        ("deepfool-ad2", {}),
        ("squeezing", {}),
    ],
)
def test_the_largest_eps_of_the_training_is_known_by_norm(name, eps):
    assert plan.trained_eps(FULL[name]) == eps


def test_each_norm_has_its_own_largest_eps():
    both = entry(["fgsm", "bim-l2"], fgsm={"eps": 0.01}, **{"bim-l2": {"eps": 0.3}})
    assert plan.trained_eps(both) == {"linf": 0.01, "l2": 0.3}
    safety = entry(["fgsm", "deepfool"], method="safetynet")
    safety["recipe"] = {"adversaries": {"fgsm": {"eps": 4 / 255}, "deepfool": {}}}
    assert plan.trained_eps(safety) == {"linf": 4 / 255}


def test_static_are_subnetworks_of_one_adversary_that_were_not_trained_dynamically():
    assert set(plan.static(FULL)) == set(FULL) - {"dynamic", "several", "safety", "squeezing"}
    assert plan.others(FULL) == ["safety", "squeezing"]


def test_depth_takes_equal_attacks_at_several_points_in_their_order():
    assert plan.depths(FULL) == [
        ["bim-1-ad0", "bim-1", "bim-1-ad4"],
        ["deepfool-ad2", "deepfool-ad4"],
    ]


def test_radii_differ_in_eps_alone_and_ascend():
    assert plan.radii(FULL) == {"bim": ["bim-1", "bim-2"], "fgsm": ["fgsm-1", "fgsm-2", "fgsm-4"]}
    other_step = FULL | {"bim-2": entry("bim", 2, steps=10, step_size=2 / 255)}
    assert "bim" not in plan.radii(other_step)


def test_transfer_takes_the_smallest_eps_that_is_strong_enough():
    assert plan.transfer(FULL) == ["fgsm-2", "bim-1", "deepfool-ad4"]
    stronger = FULL | {"fgsm-1": entry("fgsm", 1, top1=0.29)}
    assert plan.transfer(stronger)[0] == "fgsm-1"
    assert plan.transfer(FULL | {"bim-1": entry("bim", 1, top1=0.3, **LINF)})[1] == "bim-2"


def test_transfer_takes_the_largest_eps_where_none_is_strong_enough():
    weak = {f"fgsm-{n}": entry("fgsm", n, top1=0.4) for n in (1, 4, 2)}
    assert plan.transfer(FULL | weak)[0] == "fgsm-4"


def test_on_photographs_all_five_read_at_the_one_point_of_the_network():
    names = ("fgsm", "bim", "bim-l2")
    photos = {name: entry(name, 4, point="AD(4)") for name in names} | {
        name: entry(name, point="AD(4)") for name in ("deepfool", "deepfool-linf")
    }
    for one in photos.values():
        one["model"] = "imagenette-resnet"
    assert plan.transfer(photos) == [*plan.TRANSFER]


def test_a_dynamic_detector_stands_beside_the_static_one_of_its_size():
    assert plan.pair(FULL) == ("bim-1", "dynamic")
    assert plan.pair(FULL | {"dynamic": entry("dynamic", 3, **LINF)}) is None
    assert plan.pair({"bim-1": FULL["bim-1"]}) is None


def test_the_one_for_several_was_fitted_to_the_very_attacks_of_others():
    assert plan.several(FULL) == "several"
    alone = [plan.attack_of(FULL[name]) for name in plan.transfer(FULL)[:2]]
    assert plan.attacks_of(FULL["several"]) == alone
    others = {name: one for name, one in FULL.items() if name != "several"}
    assert plan.several(others) is None
    for table in (plan.depths, plan.radii, plan.transfer, plan.pair):
        assert table(others) == table(FULL)


def test_one_of_each_kind_has_each_once():
    wanted = ["bim-2", "bim-1", "dynamic", "safety", "squeezing"]
    assert plan.one_of_each_kind(FULL, "bim-2") == wanted
    assert plan.one_of_each_kind(FULL, "bim-1") == wanted[1:]
    assert plan.one_of_each_kind(FULL, None) == wanted[1:]
    assert plan.one_of_each_kind({}, "bim-2") == []


@pytest.mark.parametrize(
    ("name", "attacks"),
    [
        ("bim-1", ["bim"]),
        ("several", ["fgsm", "bim"]),
        ("safety", ["fgsm", "deepfool"]),
        ("squeezing", []),
    ],
)
def test_what_a_detector_was_made_for(name, attacks):
    assert plan.fitted_to(FULL[name]) == attacks


def test_an_empty_index_gives_empty_tables():
    assert plan.static({}) == plan.depths({}) == plan.transfer({}) == plan.others({}) == []
    assert plan.radii({}) == {}
    assert plan.pair({}) is plan.several({}) is None
