"""What is drawn on frames without a contour: where they lie, and what it costs, by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from seglib.files import atomic_write, write_json
from seglib.phantoms import heart
from study.questions import outside
from study.questions.outside import APEX, BASE, DRAWN
from study.results import read_manifest, read_table


def frames(truth, predicted, overlap, **columns):
    """One case, its frames in order."""
    labels = {"patient": "A", "case": "A ED", "spacing": 2.0, "part": "test", **columns}
    counts = {"truth": truth, "predicted": predicted, "overlap": overlap}
    return pd.DataFrame({**counts, "slice": range(len(truth)), **labels})


DOWN = frames([0, 9, 0, 4, 0, 0], [8, 9, 0, 4, 0, 2], [0, 9, 0, 4, 0, 0])


def test_the_base_is_where_the_experts_masks_are_larger():
    expected = [BASE, DRAWN, DRAWN, DRAWN, APEX, APEX]
    assert outside.place_frames(DOWN).tolist() == expected
    turned = DOWN.assign(slice=DOWN["slice"].to_numpy()[::-1])
    assert outside.place_frames(turned).tolist() == expected


def test_the_picture_shows_the_frames_at_both_ends_of_the_experts():
    table = DOWN.assign(place=outside.place_frames(DOWN))
    assert outside.border_rows(table) == [0, 1, 3, 4]
    whole = frames([5, 3], [5, 3], [5, 3]).assign(place=DRAWN)
    assert outside.border_rows(whole) == []


@pytest.fixture
def stored(tmp_path):
    """Patient A: 8 pixels above the base, 2 below the apex; B: a perfect stack, a rest in C."""
    whole = frames([5, 3], [5, 3], [5, 3], patient="B", case="B ED", part="train")
    rest = frames([4, 0, 0], [4, 0, 6], [4, 0, 0], patient="C", case="C ED", part="train")
    table = pd.concat([DOWN, whole, rest], ignore_index=True)
    table = table.assign(place=outside.place_frames(table))
    table.loc[table["patient"] == "C", "place"] = [DRAWN, APEX, APEX]
    atomic_write(tmp_path / "outside" / "frames.csv", table.to_csv(index=False))
    write_json(tmp_path / "outside" / "manifest.json", {"patients": ["A", "B", "C"]})
    return tmp_path


def test_frames_outside_are_counted_by_place_and_by_who_trained_the_network(stored):
    table = outside.outside_table(stored)
    assert table.index.tolist() == [("train", APEX), ("test", BASE), ("test", APEX)]
    assert table["frames"].tolist() == [2, 1, 2]
    assert table["drawn_into"].tolist() == [1, 1, 1]
    # Pixels of 2 mm: 0.04 cm² each; a frame that is left empty has no area.
    assert table["median_area"].tolist() == pytest.approx([6 * 0.04, 8 * 0.04, 2 * 0.04])


def test_what_is_drawn_outside_lowers_the_dice_of_the_stack_alone(stored):
    table = outside.stacks_table(stored)
    assert table["dice"].tolist() == [1, 1, 1]
    expected = [2 * 13 / (13 + 23), 1, 2 * 4 / (4 + 10)]
    assert table["dice_stack"].tolist() == pytest.approx(expected)
    assert table["outside"].tolist() == [3, 0, 2] and table["drawn_into"].tolist() == [2, 0, 1]


def test_the_cards_sentence_counts_frames_and_patients(stored):
    said = " ".join(outside.limit(stored).split())
    assert "stacks of 3 patients into 3 of the 5 frames without a contour" in said


@pytest.mark.slow
def test_the_committed_network_outlines_every_frame(tmp_path):
    hearts = heart.make(patients=2, slices=4, size=128)
    masks = hearts.masks.copy()
    masks[hearts.table["slice"] == hearts.table["slice"].min()] = 0
    stacks = replace(hearts, masks=masks)
    drawn = outside.make(stacks, list(hearts.patients[:1]), tmp_path / "outside")
    table = read_table("outside", "frames", tmp_path)
    assert table["predicted"].tolist() == drawn.sum(axis=(1, 2, 3)).tolist()
    assert len(outside.show_borders(stacks, drawn, table).axes) == 4  # two phases of one patient
    assert len(table) == len(hearts) and (table["place"] != DRAWN).sum() == 4
    parts = table.groupby("patient")["part"].first()
    assert parts.tolist() == ["train", "test"]
    assert read_manifest("outside", tmp_path)["patients"] == list(hearts.patients)
