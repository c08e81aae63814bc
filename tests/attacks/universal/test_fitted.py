"""Universal in memory and in files: what was saved is what is loaded, and nothing else is."""

import json

import pytest
import torch
from safetensors.torch import save

from robust_core import attacks
from robust_core.attacks import Universal
from robust_core.attacks.universal import keeping
from robust_core.attacks.universal.patches import PatchUniversal

RECORD = {"attack": "uap", "eps": 0.1, "curve": [0.5, 0.75], "model": None, "dominant": [[3, 0.5]]}


@pytest.fixture
def universal(pictures):
    return Universal(pictures(1, (3, 8, 6), torch.float32, low=-0.1, high=0.1), RECORD)


def test_it_is_the_same_for_all_pictures_and_clipped_only_when_shown(universal, pictures):
    images = pictures(4, (3, 8, 6), torch.float32, low=0.0, high=1.0)
    given = images.clone()
    shown = universal.apply(images)
    assert shown.equal((given + universal.delta).clamp(0, 1))
    assert images.equal(given)
    away = pictures(4, (3, 8, 6), torch.float64, low=0.2, high=0.8)
    torch.testing.assert_close(
        universal.apply(away) - away, universal.delta.double().expand(4, 3, 8, 6)
    )
    assert universal.apply(away).dtype == torch.float64


def test_it_fits_pictures_of_its_size_alone(universal):
    with pytest.raises(ValueError, match=r"images must be \[N, 3, 8, 6\].*got \[2, 3, 8, 8\]"):
        universal.apply(torch.rand(2, 3, 8, 8))
    with pytest.raises(ValueError, match="Divide 0-255"):
        universal.apply(torch.full((2, 3, 8, 6), 200.0))


def test_a_file_gives_back_what_was_saved(universal, tmp_path):
    universal.save(tmp_path / "v.safetensors")
    found = attacks.Universal.load(tmp_path / "v.safetensors")
    assert type(found) is Universal
    assert found.delta.equal(universal.delta)
    assert found.record == RECORD
    again = keeping.to_bytes("perturbation", universal.delta, RECORD)
    assert (tmp_path / "v.safetensors").read_bytes() == again, "the same bytes each time"
    half = Universal(universal.delta.half().float(), RECORD)
    half.save(str(tmp_path / "h.safetensors"))
    assert Universal.load(str(tmp_path / "h.safetensors")).delta.equal(half.delta)
    size = [(tmp_path / f"{name}.safetensors").stat().st_size for name in "vh"]
    assert size[1] < size[0], "float16 where nothing is lost"


def test_a_patch_comes_back_as_a_patch(tmp_path, pictures):
    record = {"size": [3, 20, 16], "shape": "round"}
    patch = PatchUniversal(pictures(1, (3, 6, 6), torch.float32, low=0, high=1), record)
    patch.save(tmp_path / "p.safetensors")
    found = Universal.load(tmp_path / "p.safetensors")
    images = pictures(2, (3, 20, 16), torch.float32)
    assert isinstance(found, PatchUniversal)
    assert found.apply(images, at=(0.3, 0.4), angle=10).equal(
        patch.apply(images, at=(0.3, 0.4), angle=10)
    )


def test_a_fitted_one_survives_a_file(tmp_path, digits_model, digits_test):
    images, labels = (x[:20] for x in digits_test)
    for name, few in (("uap-sgd", {"passes": 1}), ("patch", {"steps": 3, "scale": 0.2})):
        found = attacks.create(name, **few).fit(digits_model, images, labels)
        found.save(tmp_path / "x.safetensors")
        again = Universal.load(tmp_path / "x.safetensors")
        assert again.record == found.record
        assert again.record["model"] == "digits-cnn"
        assert len(again.record["weights_sha256"]) == 64
        assert again.apply(images).equal(found.apply(images))


def test_a_record_that_is_no_json_is_not_saved(universal, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        universal.noted(eps=float("nan")).save(tmp_path / "v.safetensors")
    assert not list(tmp_path.iterdir())


def test_noted_adds_to_a_copy(universal):
    assert universal.noted(data="digits").record == RECORD | {"data": "digits"}
    assert "data" not in universal.record


def content(delta=None, record="{}", kind="perturbation", **more) -> bytes:
    tensors = {"delta": torch.zeros(1, 3, 4, 4) if delta is None else delta}
    text = f'{{"kind": {json.dumps(kind)}, "record": {record}}}'
    return save(tensors | more.pop("tensors", {}), metadata={more.pop("key", keeping.FORMAT): text})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not a safetensors file"),
        (b"\x80\x04rubbish that might be a pickle", "is not a safetensors file"),
        (content()[:-5], "is not a safetensors file"),
        (save({"delta": torch.zeros(1, 3, 4, 4)}), "holds no perturbation of ours"),
        (content(key="another"), "holds no perturbation of ours"),
        (content(tensors={"other": torch.zeros(2)}), "must hold one tensor"),
        (content(torch.zeros(1, 3, 4, 4, dtype=torch.int64)), "must hold one tensor of numbers"),
        (content(torch.full((1, 3, 4, 4), torch.nan)), "no NaN"),
        (content(torch.full((1, 3, 4, 4), torch.inf)), "finite"),
        (content(torch.zeros(2, 3, 4, 4)), r"\[1, C, H, W\]; got \[2, 3, 4, 4\]"),
        (content(torch.zeros(1, 0, 4, 4)), r"\[1, C, H, W\]"),
        (content(record="{"), "is damaged"),
        (content(record='{"eps": NaN}'), "NaN, which is not JSON"),
        (content(record="[]"), "its record is not an object"),
        (content(record="[" * 100_000), "is damaged"),
        (content(kind="virus"), "must be one of perturbation, patch"),
        (content(kind="patch"), "is damaged"),
        (
            content(kind="patch", record=json.dumps({"size": [3, 2, 2], "shape": "round"})),
            "size must",
        ),
    ],
    ids=range(18),
)
def test_a_file_that_is_not_ours_gets_a_sentence(data, said, tmp_path):
    path = tmp_path / "file.safetensors"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=said) as found:
        Universal.load(path)
    assert "file.safetensors" in str(found.value)


def test_a_missing_file_and_a_folder_get_a_sentence(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ValueError, match="cannot be read"):
            Universal.load(path)


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(keeping.LARGEST_FILE + 1)
    with pytest.raises(ValueError, match="is larger than 64 MiB"):
        Universal.load(path)


@pytest.mark.parametrize(
    "delta", [torch.zeros(3), torch.zeros(2, 3, 4, 4), torch.tensor([[torch.nan]])]
)
def test_a_perturbation_that_cannot_be_one_is_refused(delta):
    with pytest.raises(ValueError, match=r"^delta must"):
        Universal(delta)
