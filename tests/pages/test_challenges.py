"""The page Challenges: try, hand in, win or not, give up; links that cannot be had."""

import pytest

from robust_core.evaluation.challenges.judge import PICTURES, TRYING
from robust_core.words.challenges.prose import PROSE
from tests.pages.test_links import notes
from tests.visiting import bodies, go_to, ran, text, visit

WINNING = {"challenge_attack": "pgd", "challenge_way": "through", "pgd.steps": "20"}
NAIVE = WINNING | {"challenge_way": "as-it-is"}


def press(page, key: str):
    return ran(page.button(key=key).click().run())


def verdict_of(page):
    return page.session_state["_challenges"][page.session_state["challenge"]].tries[-1].verdict


def mark_of(page) -> str:
    """The icon of the first challenge in the ladder."""
    return page.segmented_control(key="challenge").proto.options[0].content_icon


def told(page) -> str:
    return text(page) + "".join(each.value for each in (*page.success, *page.warning))


def test_the_first_visit_tries_one_picture_and_hides_what_breaks_it():
    page = ran(visit("challenges"))
    said = told(page)
    assert "## Break it: JPEG" in said
    assert "-badge[" in said
    assert PROSE[1].why not in said
    assert not page.get("download_button")


def test_a_winning_attack_is_handed_in_and_the_end_is_shown():
    page = press(ran(visit("challenges", **WINNING)), "challenge_hand_in")
    (won,) = page.success
    assert won.value.startswith("**SUCCESS.**")
    verdict = verdict_of(page)
    assert verdict.n == PICTURES
    assert min(verdict.numbers) >= TRYING
    assert f"{verdict.accuracy.count} of {verdict.accuracy.n}" in won.value
    assert f"Pictures that fell: {int(verdict.fallen.sum())}" in told(page)
    assert bodies(page, "challenge-pictures")
    assert PROSE[1].why in told(page)
    assert len(page.get("download_button")) == 1
    assert "Our own attack" in told(page)
    seed = verdict.seed
    assert verdict_of(ran(page.run())).seed == seed, "a run of the page is no new try"
    again = press(page, "challenge_hand_in")
    assert verdict_of(again).seed != seed
    assert "Tries so far: 2" in told(again)
    assert mark_of(again) == ":material/check_circle:"


def test_who_follows_a_filter_without_a_gradient_does_not_win_and_gives_up():
    page = press(ran(visit("challenges", **NAIVE)), "challenge_hand_in")
    assert "**Not yet.**" in page.warning[0].value
    assert "of the steps the gradient of the loss was exactly zero" in told(page)
    assert PROSE[1].why not in told(page)
    page = press(page, "give_up_1")
    assert PROSE[1].why in told(page)
    page = press(page, "challenge_use_1")
    assert page.selectbox(key="challenge_way").value == "through"
    page = press(page, "challenge_hand_in")
    assert page.success[0].value.startswith("**SUCCESS.**")
    assert mark_of(page) == ":material/flag:"
    elsewhere = ran(go_to(page, "home"))
    assert "Tries so far: 2" in told(ran(go_to(elsewhere, "challenges")))


def test_nobody_wins_against_a_proof():
    page = press(ran(visit("challenges", challenge="7")), "challenge_hand_in")
    assert "**Out of reach.**" in page.warning[0].value
    assert "nobody can meet it" in told(page)
    assert verdict_of(page).floor is not None


def test_a_challenge_without_its_pictures_says_so_and_offers_them():
    page = ran(visit("challenges", challenge="4"))
    assert "pictures of CIFAR-10, which are not on this computer" in told(page)
    assert any("Get the CIFAR-10 test pictures" in each.label for each in page.button)
    assert "challenge_hand_in" not in [each.key for each in page.button]
    said = told(press(page, "give_up_4"))
    assert PROSE[4].why in said
    assert "0.0 % right under pgd, by an attacker who knows the defence" in said


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"challenge": "99"}, "challenge `99`, which is not available here; 1. JPEG"),
        ({"challenge_attack": "pgd-l2"}, "attack `pgd-l2`, which is not available here; FGSM"),
        ({"challenge": "6", "challenge_attack": "pgd"}, "attack `pgd`, which is not available"),
        ({"challenge_way": "<script>"}, "way `<script>`, which is not available here; the"),
        ({"challenge": "2", "eps": "0.7"}, "epsilon `0.7`, which is not that of challenge 2; 0.15"),
        ({"eps": "nan"}, "epsilon `nan`, which is not that of challenge 1; 0.15"),
        ({"challenge_picture": "100"}, "picture `100`, which is not available here; Test picture"),
        ({"challenge_attack": "pgd", "pgd.steps": "-1"}, "steps (pgd) `-1`, which is not a whole"),
    ],
)
def test_a_link_cannot_change_the_rules(query, sentence):
    page = visit("challenges", **query)
    (said,) = notes(page)
    assert sentence in said
    assert not page.error


def test_a_link_restores_and_locks_a_challenge():
    query = {"challenge": "2", "lock": "challenge,challenge_attack", "hide": "give-up"} | NAIVE
    page = ran(visit("challenges", **query))
    assert page.query_params["challenge"] == "2"
    assert page.query_params["challenge_way"] == "as-it-is"
    assert page.segmented_control(key="challenge").disabled
    assert page.selectbox(key="challenge_attack").disabled
    assert not page.selectbox(key="challenge_way").disabled
    assert any(".st-key-give_up" in h.proto.body for h in page.get("html"))
    assert not notes(page)


def test_an_attack_by_queries_has_no_gradients_and_a_proof_says_its_certificate():
    query = {"challenge": "7", "challenge_attack": "square", "square.max_queries": "20"}
    said = told(ran(visit("challenges", **query)))
    assert "No gradients: 20 answers were asked for." in said
    assert "This picture is proved, with a margin of" in said
    assert "no attack turns it within Linf 0.1" in said
