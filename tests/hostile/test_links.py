"""Links with damaged and hostile settings: every page opens, and all that is not a value is a default."""

import random
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.paths import APP
from tests.visiting import ran, visit

MOVED = {"compare_defences.py"}
"""Addresses of pages that lie elsewhere."""
PAGES = sorted({path.name for path in (APP.parent / "pages").glob("*.py")} - MOVED)
START = {"model": "digits-cnn"}
"""It answers in milliseconds."""
HOSTILE = (
    *("nan", "inf", "-1e999", "9" * 399, "1e5000", "0x10", "8/255", "None", "true", "[]", ",", " "),
    *("\0", "\u202e", "\U0001f4a5" * 99, "é" * 1000, "%00", "../../../etc/passwd", "__class__"),
    *(
        "<script>alert(1)</script>",
        "{{7*7}}",
        "' OR 1=1 --",
        "${jndi:ldap://a}",
        "a\r\nSet-Cookie: b",
    ),
)


def settings(page: AppTest) -> dict:
    """All settings of the page by their names in links; some pages have none."""
    if "_pages" not in page.session_state:
        return {}
    return {key: page.session_state[key] for key in page.session_state["_pages"]}


@pytest.fixture(params=PAGES, scope="module")
def opened(request):
    """A page, and its settings where the link names no more than the model."""
    return f"pages/{request.param}", settings(ran(visit(f"pages/{request.param}", **START)))


@pytest.mark.parametrize("shift", range(0, len(HOSTILE), 6))
def test_hostile_values_are_the_defaults(opened, shift):
    page, usual = opened
    values = HOSTILE[shift:] + HOSTILE[:shift]
    keys = [key for key in usual if key not in START]
    query = {key: values[i % len(values)] for i, key in enumerate(keys)}
    assert settings(ran(visit(page, **query, **START))) == usual


def test_random_values_and_unknown_names_are_the_defaults(opened):
    page, usual = opened
    source = random.Random(Path(page).name)
    letters = [chr(source.randrange(0xA1, 0xD000)) for _ in range(50)] + list("<>&;=#/\\\"' ")

    def word() -> str:
        return "".join(source.choices(letters, k=source.randint(1, 60)))

    query = {key: word() for key in usual if key not in START}
    query |= {key: word() for key in ("_link", "_pages", "_page", "_defaults", word(), "model[]")}
    found = ran(visit(page, **query, **START))
    assert settings(found) == usual
    assert set(dict(found.query_params)) <= {*START}


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_model_is_the_default(page):
    little = {"attacks": "fgsm", "defenses": "jpeg", "by_labels": "hopskipjump"}  # to compute
    usual = settings(ran(visit(f"pages/{page}", **little)))
    assert settings(ran(visit(f"pages/{page}", **little, model="../cifar10\0"))) == usual
