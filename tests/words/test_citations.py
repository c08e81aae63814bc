"""Short citations: who, when and where."""

import pytest

from robust_core.parameters import Paper
from robust_core.words import citations

XIE = Paper(
    "Xie, Wang, Zhang", 2018, "Mitigating <effects> & 'others'", "https://example.org/?a=1&b=2"
)


@pytest.mark.parametrize(
    ("authors", "said"),
    [
        ("Xie", "Xie, 2018"),
        ("Xie, Wang", "Xie and Wang, 2018"),
        ("Xie, Wang, Zhang", "Xie et al., 2018"),
    ],
)
def test_up_to_two_authors_are_named(authors, said):
    assert citations.short(Paper(authors, 2018, "", "")) == said


def test_markdown_leads_to_the_paper():
    assert citations.markdown(XIE) == "[Xie et al., 2018](https://example.org/?a=1&b=2)"


def test_html_has_the_title_as_tooltip_and_lets_no_markup_through():
    written = citations.html(XIE)
    assert ">Xie et al., 2018</a>" in written
    assert "href='https://example.org/?a=1&amp;b=2'" in written
    assert (
        "title='Xie, Wang, Zhang, 2018: Mitigating &lt;effects&gt; &amp; &#x27;others&#x27;'"
        in written
    )
