"""The plan: jobs with names of their own, conditions that can be written down, and Kurakin's steps."""

import json

from robust_core import zoo
from robust_core.attacks.physical.poses import DECK_001, GRID, random_poses
from robust_core.attacks.physical.transformation import generator_of
from robust_core.data import signs
from robust_core.evaluation.physical import plan, published


def test_every_job_has_a_key_of_its_own_and_conditions_as_plain_values():
    jobs = plan.jobs()
    keys = [(job.part, job.key) for job in jobs]
    assert len(set(keys)) == len(keys)
    assert [p for p in plan.PARTS if p in {job.part for job in jobs}] == list(plan.PARTS)
    for job in jobs:
        json.dumps(plan.conditions(job))
        assert job.possible == (job.model in zoo.names())


def test_the_bundled_models_can_be_measured_and_signs_wait_for_their_model():
    for model in plan.MODELS:
        assert model in zoo.bundled()
        assert zoo.describe(model).data
    waiting = [job for job in plan.jobs() if job.part == plan.SIGNS]
    assert {job.model for job in waiting} == {plan.SIGN_MODEL}


def test_steps_are_those_of_the_paper():
    assert [plan.steps_of(eps / 255) for eps in (2, 4, 8, 16, 32)] == [2, 5, 10, 20, 36]


def test_published_figures_have_a_row_of_ours_each():
    for row in published.KURAKIN:
        assert row.attack in plan.ATTACKS
        assert row.eps / 255 in plan.EPS
    assert set(published.SYNTHETIC) < set(plan.TRANSFORMATIONS)
    assert set(published.RP2) == {poster.key for poster in plan.POSTERS}
    for poster in plan.POSTERS:
        assert signs.get(poster.sign).gtsrb != signs.get(poster.target).gtsrb


def test_places_of_the_test_are_none_that_a_poster_is_made_for():
    fitted = {(p.distance, p.angle) for p in random_poses(plan.POSES, generator_of(0, "poster"))}
    assert not fitted & {(p.distance, p.angle) for p in (*GRID, *DECK_001)}
