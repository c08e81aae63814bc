"""What is said of challenges and verdicts, and the sheet: all in it, nothing foreign, nothing unescaped."""

import re
from functools import cache

import pytest

from robust_core.evaluation.challenges.judge import LEAST, Attempt, judge
from robust_core.evaluation.challenges.ladder import LADDER, get
from robust_core.evaluation.challenges.ways import Way
from robust_core.words.challenges import told
from robust_core.words.challenges.prose import PROSE
from robust_core.words.challenges.sheet import Try, sheet

numbered = {"ids": lambda one: str(one.number)}


@cache
def verdict(number: int, name: str, way: Way, **parameters):
    challenge = get(number)
    return judge(Attempt(challenge, challenge.weapon(name, **parameters), way), seed=2, n=LEAST)


@pytest.mark.parametrize("challenge", LADDER, **numbered)
def test_a_goal_names_defence_data_ball_and_mark(challenge):
    said = told.goal(challenge)
    for part in (challenge.record.title, "20 %", f"{challenge.eps:.3g}", challenge.norm.upper()):
        assert part.lower() in said.lower()
    if challenge.defense is not None:
        assert challenge.defense.title in said
    prose = PROSE[challenge.number]
    assert min(map(len, (prose.story, prose.hint, prose.why))) > 60
    assert "\n" not in prose.story + prose.hint + prose.why


def test_a_verdict_says_its_numbers():
    won = verdict(1, "pgd", Way.THROUGH, steps=20)
    assert told.verdict_word(won) == "SUCCESS"
    assert f"{won.accuracy.count} of {won.accuracy.n}" in told.result(won)
    low, high = won.accuracy.interval
    assert f"{100 * low:.1f} % to {100 * high:.1f} %" in told.result(won)
    assert "seed 2" in told.conditions(won)
    assert "steps 20" in told.conditions(won)
    lost = verdict(1, "pgd", Way.AS_IT_IS, steps=3)
    assert told.verdict_word(lost) == "Not yet"
    assert any(
        "At 100 % of the steps the gradient of the loss was exactly zero" in line
        for line in told.details(lost)
    )


def test_a_proof_says_that_the_mark_is_out_of_reach():
    found = verdict(7, "fgsm", Way.AS_IT_IS)
    assert told.verdict_word(found) == "Out of reach"
    floor = found.floor
    (said,) = [line for line in told.details(found) if "proved" in line]
    assert f"{floor.count} of {floor.n}" in said
    assert "nobody can meet it" in said
    certificates = [told.certificate(found, row) for row in range(found.n)]
    assert sum(each.startswith("proved, with a margin") for each in certificates) == floor.count
    assert sum(each.startswith("no proof") for each in certificates) == found.n - floor.count
    page = sheet(get(7), [Try(found)])
    assert all(each in page for each in certificates)


def test_a_way_that_finds_nothing_is_said():
    found = verdict(1, "fgsm", Way.AVERAGED)
    assert any("no random draws" in line for line in told.details(found))


def test_the_code_of_a_verdict_gives_the_same_verdict(capsys):
    found = verdict(1, "pgd", Way.THROUGH, steps=20)
    exec(compile(told.reproduce(found), "again", "exec"), {"__name__": "again"})
    assert f"{found.success} Share(count={found.accuracy.count}," in capsys.readouterr().out


HOSTILE = "https://example.org/?challenge=1&x='\"><script>alert(1)</script>"


def test_the_sheet_has_every_try_and_nothing_foreign():
    lost, won = (
        verdict(1, "pgd", Way.AS_IT_IS, steps=3),
        verdict(1, "pgd", Way.THROUGH, steps=20),
    )
    page = sheet(get(1), [Try(lost, 0.3), Try(won, 0.1, HOSTILE)])
    assert page.count("<tr><td>") == 2
    assert "Solved." in page
    assert "Predicted" in page
    assert PROSE[1].why.split(":")[0] in page
    assert page.count("class=fallen") == int(won.fallen.sum())
    for number in won.numbers:
        assert f"<div>{number}: " in page
    assert "<script" not in page
    assert "x=&#x27;&quot;&gt;&lt;script&gt;" in page
    without = page.replace(page[page.index("<p>Link:") : page.index("</a></p>")], "")
    assert not re.search(r"https?://|@import|url\(", without)
    assert set(re.findall(r"src='([^:]+):", page)) == {"data"}


def test_the_sheet_says_what_breaks_it_only_at_the_end():
    lost = verdict(1, "pgd", Way.AS_IT_IS, steps=3)
    won = verdict(1, "pgd", Way.THROUGH, steps=20)
    secret = PROSE[1].why[:40]
    assert secret not in sheet(get(1), [Try(lost)])
    given_up = sheet(get(1), [Try(lost), Try(won, after_giving_up=True)], given_up=True)
    assert secret in given_up
    assert "Given up." in given_up
    assert "(after giving up)" in given_up


def test_a_link_that_is_no_address_is_left_out_and_no_try_gives_no_sheet():
    lost = verdict(1, "pgd", Way.AS_IT_IS, steps=3)
    assert "javascript:" not in sheet(get(1), [Try(lost, link="javascript:alert(1)")])
    with pytest.raises(ValueError, match="at least one verdict"):
        sheet(get(1), [])
