"""The front page's blocks and film: made from stored results."""

import json

import pytest
from PIL import Image

from study import front_page
from study.report import REPORTS


def test_times_are_added_up_and_the_shortest_and_longest_named():
    text = front_page.times({"01_data": 10.6, "02_more": 200.0, "03_last": 89.4})
    assert "Run one after the other, the 3 notebooks take 5 minutes" in text
    assert "01 is the shortest with 11 seconds, 02 the longest with 3.3 minutes" in text


def test_the_blocks_are_the_scores_and_the_times():
    blocks = front_page.blocks()
    assert set(blocks) == {"results", "times"}
    assert "| all | 29 |" in blocks["results"]


@pytest.mark.slow
def test_the_film_beats_and_cites_the_run_it_was_made_from(sunnybrook, tmp_path):
    front_page.figures(sunnybrook, tmp_path)
    made, kept = (
        json.loads((folder / "figures" / "heart.json").read_text(encoding="utf-8"))
        for folder in (tmp_path, REPORTS)
    )
    assert (made["runs"], made["dataset"]) == (kept["runs"], kept["dataset"])
    with Image.open(tmp_path / "figures" / "heart.gif") as film:
        assert film.n_frames == 2 and film.info["duration"] == 800
        assert 640 <= film.width <= 800
