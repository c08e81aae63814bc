"""Short citations: authors and year, with a link to the paper."""

from html import escape

from robust_core.parameters import Paper


def short(paper: Paper) -> str:
    """``Xie et al., 2018``; of two authors, both are named."""
    names = paper.authors.split(", ")
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"{who}, {paper.year}"


def markdown(paper: Paper) -> str:
    """``[Xie et al., 2018](...)``, in Markdown."""
    return f"[{short(paper)}]({paper.link})"


def html(paper: Paper) -> str:
    """``(Xie et al., 2018)`` as a link, in HTML; the whole title is its tooltip."""
    return (
        f"(<a href='{escape(paper.link)}' target=_blank rel='noopener noreferrer' "
        f"title='{escape(str(paper))}'>{escape(short(paper))}</a>)"
    )
