"""Blocks between markers: replaced, and found out of date."""

from study.pages import fill, out_of_date


def test_a_block_is_replaced_and_the_rest_stays(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a -->\nold\n<!-- /a -->\nafter\n")
    assert out_of_date(page, {"a": "new"}) == ["a"]
    fill(page, {"a": "new"})
    assert page.read_text() == "before\n<!-- a -->\nnew\n<!-- /a -->\nafter\n"
    assert out_of_date(page, {"a": "new"}) == []
