"""The documents say what the code and the committed results say."""

import pytest

from docs.generator import blocks


def test_no_document_is_out_of_date():
    stale = [str(path.relative_to(blocks.ROOT)) for path in blocks.outdated()]
    assert not stale, f"{', '.join(stale)} is out of date: run python -m docs.generator"


def test_every_block_stands_in_one_document():
    texts = [path.read_text(encoding="utf-8") for path in blocks.documents()]
    used = [block["name"] for text in texts for block in blocks.BLOCK.finditer(text)]
    assert sorted(used) == sorted(blocks.BLOCKS)


def test_only_blocks_are_renewed():
    text = "before\n<!-- generated: accuracy -->\nold\n<!-- generated: end -->\nafter\n"
    new = blocks.renew(text)
    assert new.startswith("before\n<!-- generated: accuracy -->\n")
    assert new.endswith("\n<!-- generated: end -->\nafter\n")
    assert "old" not in new
    assert blocks.renew(new) == new


def test_an_unknown_block_is_named():
    with pytest.raises(ValueError, match=r"block must be one of .*; got 'nothing'"):
        blocks.renew("<!-- generated: nothing -->\n<!-- generated: end -->")
