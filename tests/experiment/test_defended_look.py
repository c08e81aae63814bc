"""One picture shown to a model, behind a defence or not: the answer, the votes, and an honest time."""

import json
import time
from dataclasses import replace

import pytest
import torch

from robust_core import defenses, files
from robust_core.data.fitting import to_tensor
from robust_core.experiment import defended_look
from robust_core.experiment.defended_look import look

NOISY = {"n": 50, "draws": 4}


def made(name: str) -> defenses.Defense:
    return defenses.create(name, **(NOISY if name == "smoothing" else {}))


def test_smoothing_comes_with_a_certificate_of_the_very_votes(digits_model, pixels):
    defense = made("smoothing")
    seen = look(defense(digits_model), to_tensor(pixels))
    proof = seen.certificate
    assert sum(proof.counts) == proof.n == defense.n
    counts = defense.counts(digits_model, to_tensor(pixels))[0]
    assert proof.counts == tuple(counts.tolist())
    assert seen.guesses[0].index == counts.argmax()
    assert proof.p_lower < counts[proof.guess] / defense.n
    assert seen.seen.shape == (1, 1, 8, 8)
    assert not torch.equal(seen.seen, to_tensor(pixels)), "one of the noisy pictures"
    once = replace(defense, n=1)(digits_model)
    assert once(to_tensor(pixels)).argmax() == digits_model(seen.seen).argmax()


def test_only_noise_promises_anything(digits_model, pixels):
    shown = look(digits_model, to_tensor(pixels))
    assert shown.certificate is None
    assert shown.seconds > 0
    assert torch.equal(shown.seen, to_tensor(pixels))
    assert shown.guesses[0].confidence == max(shown.confidences)
    assert look(made("jpeg")(digits_model), to_tensor(pixels)).certificate is None


class Clock:
    """A machine whose work takes the time that is named."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls = 0

    def perf_counter(self) -> float:
        return self.now

    def asking(self, seconds: float, slower: float = 0.0, first: float = 0.0):
        """Work of ``seconds``: more by ``slower`` for every call so far, and by ``first`` at its first."""
        done = []

        def ask() -> None:
            self.now += seconds + slower * self.calls + (0.0 if done else first)
            self.calls += 1
            done.append(None)

        return ask


@pytest.fixture
def clock(monkeypatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(defended_look.time, "perf_counter", made.perf_counter)
    return made


def test_what_runs_first_is_not_slower_for_that(clock):
    _, told = defended_look._timed(clock.asking(0.002, first=1.0), clock.asking(0.001))
    assert told == pytest.approx([0.002, 0.001])


@pytest.mark.parametrize("drift", [0.0002, -0.0002])
def test_a_machine_that_slows_down_or_speeds_up_slows_both_alike(clock, drift):
    _, (defended, bare) = defended_look._timed(
        clock.asking(0.013, slower=drift), clock.asking(0.012, slower=drift)
    )
    assert defended - bare == pytest.approx(0.001, abs=abs(drift) * 1.01)


def test_a_slow_prediction_is_timed_once(clock):
    ask = clock.asking(3.0)
    assert defended_look._timed(ask)[1] == [3.0]
    assert clock.calls == 2, "and once before"


def test_a_filter_takes_longer_than_nothing_whichever_is_asked_first(digits_model, pixels):
    class Slow(defenses.Defense):
        name = "slow"

        def seen(self, images):
            time.sleep(0.004)
            return images

    seen = look(Slow()(digits_model), to_tensor(pixels))
    assert seen.undefended_seconds < seen.seconds
    assert look(digits_model, to_tensor(pixels)).undefended_seconds is None


def test_votes_are_timed_beside_one_prediction(digits_model, pixels):
    seen = look(made("smoothing")(digits_model), to_tensor(pixels))
    assert seen.undefended_seconds > 0
    assert look(made("smoothing")(digits_model), to_tensor(pixels), timed=False).seconds > 0


def test_timing_changes_neither_model(digits_model, pixels):
    class Watched(defenses.Defense):
        name = "watched"

    model = Watched()(digits_model)
    digits_model.network.train()
    try:
        before = {k: v.clone() for k, v in digits_model.state_dict().items()}
        look(model, to_tensor(pixels))
        assert digits_model.network.training
        assert all(torch.equal(v, before[k]) for k, v in digits_model.state_dict().items())
    finally:
        digits_model.network.eval()


def test_its_summary_is_json(digits_model, pixels):
    seen = look(made("smoothing")(digits_model), to_tensor(pixels))
    told = json.loads(files.json_text(seen.summary()))
    assert told["label"] == seen.guesses[0].label
    assert sum(told["certificate"]["counts"]) == NOISY["n"]
    assert replace(seen, certificate=None).summary()["certificate"] is None
