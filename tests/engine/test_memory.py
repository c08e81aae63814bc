"""Halving the batch gives the same result; the CPU is the last resort."""

import weakref

import pytest
import torch

from robust_core.engine import OutOfMemory, in_batches, on_cpu_if_out_of_memory

IMAGES = torch.arange(23.0).reshape(23, 1, 1, 1)


class Device:
    """Work on a device whose memory holds `room` pictures; notes which pictures succeeded."""

    def __init__(self, room: int, error: Exception | None = None) -> None:
        self.room, self.error = room, error or torch.OutOfMemoryError("CUDA out of memory.")
        self.seen, self.sizes = [], []

    def __call__(self, chunk):
        self.sizes.append(len(chunk))
        if len(chunk) > self.room:
            raise self.error
        self.seen += chunk.flatten().int().tolist()
        return chunk.flatten(1).sum(1) ** 2


@pytest.mark.parametrize("room", [1, 2, 3, 7, 22, 23])
@pytest.mark.parametrize("batch", [1, 2, 8, 23, 100])
def test_each_picture_once_in_order_whatever_the_room(room, batch):
    device, notices = Device(room), []
    result = in_batches(device, IMAGES, batch, on_notice=notices.append)
    assert torch.equal(result, torch.arange(23.0) ** 2)
    assert device.seen == list(range(23))
    assert bool(notices) == (min(batch, 23) > room)


def test_the_smaller_batch_stays_and_is_announced():
    device, notices = Device(room=5), []
    in_batches(device, IMAGES, 16, on_notice=notices.append)
    assert device.sizes == [16, 8, 4, 4, 4, 4, 4, 3]
    assert len(notices) == 2
    assert "4 pictures at a time" in notices[1]


def test_a_smaller_last_chunk_is_halved_itself():
    device = Device(room=16)

    def work(chunk):
        device.room = 16 if len(chunk) == 16 else 3  # others fill the memory meanwhile
        return device(chunk)

    assert torch.equal(in_batches(work, IMAGES, 16), torch.arange(23.0) ** 2)
    assert device.sizes == [16, 7, 3, 3, 1]


@pytest.mark.parametrize("kind", [tuple, list])
def test_several_tensors_are_put_together_one_by_one(kind):
    result = in_batches(lambda chunk: kind([chunk, chunk.flatten(1) + 1]), IMAGES, 5)
    assert type(result) is kind
    assert torch.equal(result[0], IMAGES)
    assert torch.equal(result[1], IMAGES.flatten(1) + 1)


def test_one_picture_too_many_is_a_clear_error():
    with pytest.raises(OutOfMemory, match="one picture") as caught:
        in_batches(Device(room=0), IMAGES, 8)
    assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)


@pytest.mark.parametrize(
    "message", ["MPS backend out of memory", "DefaultCPUAllocator: can't allocate memory: 9 bytes"]
)
def test_backends_with_their_own_wording_count_too(message):
    result = in_batches(Device(room=3, error=RuntimeError(message)), IMAGES, 8)
    assert torch.equal(result, torch.arange(23.0) ** 2)


def test_other_errors_pass_at_once():
    device = Device(room=3, error=RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        in_batches(device, IMAGES, 8)
    assert device.sizes == [8]


def test_the_failed_attempt_is_let_go_before_the_next():
    attempts = []

    def work(chunk):
        assert all(ref() is None for ref in attempts)
        if len(chunk) > 4:
            large = torch.zeros(len(chunk))
            attempts.append(weakref.ref(large))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return chunk

    assert torch.equal(in_batches(work, IMAGES, 16), IMAGES)
    assert len(attempts) == 2


def test_no_pictures_give_an_empty_result_of_the_right_shape():
    assert in_batches(lambda chunk: chunk.flatten(1), IMAGES[:0], 8).shape == (0, 1)


@pytest.mark.parametrize("work", [lambda chunk: chunk.sum(), lambda chunk: [chunk, chunk[:1]]])
def test_a_result_without_one_row_per_picture_is_refused(work):
    with pytest.raises(ValueError, match="one row per picture"):
        in_batches(work, IMAGES, 8)


def test_a_batch_below_one_is_refused():
    with pytest.raises(ValueError, match="batch must be at least 1"):
        in_batches(Device(room=8), IMAGES, 0)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), OutOfMemory("")])
def test_the_cpu_takes_over_with_a_notice(error):
    devices, notices = [], []

    def work(device):
        devices.append(device.type)
        if device.type != "cpu":
            raise error
        return "done"

    assert on_cpu_if_out_of_memory(work, "meta", on_notice=notices.append) == "done"
    assert devices == ["meta", "cpu"]
    assert notices == ["The GPU is out of memory: this ran on the CPU instead."]


@pytest.mark.parametrize(
    ("device", "error"),
    [("cpu", torch.OutOfMemoryError("out of memory")), ("meta", RuntimeError("shapes differ"))],
)
def test_what_the_cpu_cannot_help_is_raised(device, error):
    calls = []

    def work(where):
        calls.append(where)
        raise error

    with pytest.raises(type(error)):
        on_cpu_if_out_of_memory(work, device, on_notice=pytest.fail)
    assert len(calls) == 1
