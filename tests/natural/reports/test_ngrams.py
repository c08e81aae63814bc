"""Character n-grams: unit vectors, a convex fit, and the bundled classifier of reports."""

import pytest
import torch

from robust_core.natural import bundle
from robust_core.natural.reports import ngrams, sentences
from robust_core.training import natural


def test_vectors_are_of_unit_length_and_blind_to_case_and_order():
    one, other, empty = ngrams.vectors(["A mass here", "here a MASS", "  "])
    assert one.norm().item() == pytest.approx(1)
    assert torch.equal(one, other)
    assert empty.sum() == 0
    assert ngrams.cosine("a mass", "a mass") == pytest.approx(1)
    assert ngrams.cosine("", "a mass") == 0
    assert 0 < ngrams.cosine("a mass in tissue", "a mass in tisue") < 1


def test_the_counts_are_those_of_the_ngrams():
    vector = ngrams.vectors(["ab"])[0]
    grams = [" a", "ab", "b ", " ab", "ab ", " ab "]
    assert (vector > 0).sum() == len(
        {ngrams.zlib.crc32(g.encode()) % ngrams.BUCKETS for g in grams}
    )


def test_the_fit_is_a_minimum_whatever_the_order():
    texts, labels = sentences.reports(60, seed=3)
    one = ngrams.fit(texts, labels)
    other = ngrams.fit(texts[::-1], labels[::-1])
    assert torch.allclose(one.scores(texts), other.scores(texts), atol=0.02)
    x, y = ngrams.vectors(texts), torch.tensor(labels, dtype=torch.float32)
    pull = x.T @ (torch.sigmoid(one.scores(texts)) - y) / len(y) + 2e-4 * one.weight
    assert pull.abs().max() < 1e-4, "the gradient of the penalised loss is 0"


def test_reports_differ_are_fixed_and_half_positive():
    texts, labels = sentences.reports(400, seed=0)
    assert len(set(texts)) == 400
    assert sum(labels) == 200
    assert (texts, labels) == sentences.reports(400, seed=0)
    assert texts != sentences.reports(400, seed=1)[0]
    assert not any("{" in text for text in texts)
    for text, label in zip(texts, labels, strict=True):
        assert label == any(f" {f} " in f" {text.lower()} " for f in sentences.HARMFUL) or not label


def test_the_bundled_classifier_is_as_good_as_its_entry_says_on_reports_it_never_saw():
    known, _ = sentences.reports(natural.TEXTS, seed=0)
    texts, labels = natural.held_out_reports(known)
    entry = bundle.entry_of(bundle.REPORTS)
    assert len(texts) == entry["n_held_out"] >= 500
    assert not set(texts) & set(known)
    right = (bundle.reader().scores(texts) > 0).long() == torch.tensor(labels)
    assert int(right.sum()) == entry["right"] >= 0.95 * len(texts)
    with pytest.raises(ValueError, match="count must be at least 1"):
        sentences.reports(0, 0)
