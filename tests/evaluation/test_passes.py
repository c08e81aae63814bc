"""Passes: in turn and shard by shard they give the same, whatever was done before."""

import torch

from robust_core.evaluation.passes import Dealt, Pass, in_turn

N, BATCH = 10, 4


class Doubling:
    """Twice the row's number and its parity, with a sentence for each batch; maybe with chance."""

    def __init__(self, chance: bool = False) -> None:
        self.begun, self.done = [], []
        self.chance = chance

    def __call__(self, rows, tell):
        self.begun.append(rows.tolist())
        tell("about every batch", f"about {rows.tolist()}")
        return 2 * rows + (torch.rand(len(rows)) if self.chance else 0), rows % 2 == 0


def told(make, one, n=N):
    sentences = []
    one = Pass(one, one.done.append)
    found = make([one, one], n, BATCH, lambda *said: sentences.extend(said))
    return found, sentences


def test_shards_are_the_batches_and_give_the_same(tmp_path):
    one, other = Doubling(), Doubling()
    (plain, said), (dealt, said_too) = told(in_turn, one), told(Dealt(tmp_path), other)
    assert one.begun == other.begun
    assert one.done == other.done == 2 * [4, 4, 2]
    assert said == said_too
    for a, b in zip(plain, dealt, strict=True):
        assert [x.dtype for x in a] == [x.dtype for x in b]
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_finished_shards_are_found_and_the_others_made(tmp_path):
    first, _ = told(Dealt(tmp_path), Doubling(chance=True))
    files = sorted(tmp_path.iterdir())
    assert len(files) == 6
    files[1].unlink()
    again, second = Doubling(chance=True), Dealt(tmp_path)
    torch.manual_seed(5)
    found, sentences = told(second, again)
    assert again.begun == [[4, 5, 6, 7]]
    assert (second.shards, second.found) == (6, 5)
    assert len(sentences) == 12
    for a, b in zip(first, found, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_second_call_has_shards_of_its_own(tmp_path):
    deal = Dealt(tmp_path)
    told(deal, Doubling())
    told(deal, Doubling())
    assert len(list(tmp_path.iterdir())) == 12


def test_no_pictures_at_all(tmp_path):
    for make in (in_turn, Dealt(tmp_path)):
        (numbers, parity), _ = told(make, Doubling(), n=0)[0]
        assert numbers.shape == parity.shape == (0,)
