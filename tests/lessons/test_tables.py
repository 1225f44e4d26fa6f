"""Tables to read: every kind of cell by hand, as HTML and as text."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from seglib.lessons.tables import NAMES, in_words, show_table
from seglib.plotting.style import METRIC_NAMES
from seglib.recipes.recipe import get_recipe


def cells(frame, *decimals):
    """Rows of cells, the headings first."""
    table = show_table(frame, *decimals)
    return [list(table.headers), *table.rows]


class Cells(HTMLParser):
    """The text and the side of each cell of a page."""

    def __init__(self, html):
        super().__init__()
        self.found, self.side = [], None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in ("td", "th"):
            self.side = dict(attrs)["style"].removeprefix("text-align: ").removesuffix(";")

    def handle_data(self, data):
        if data.strip():
            self.found.append((data.strip(), self.side))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dice", "Dice"),
        ("p_holm", "p (Holm)"),
        ("difference_low", "difference, 95 % from"),
        ("bias_high", "bias, 95 % to"),
        ("atlas_ef_sd", "EF, atlas (%), SD"),
        ("learning_rate", "learning rate"),
        ("volume (ml)", "volume (ml)"),
        (("as predicted", "hd95"), "HD95 (as predicted)"),
        (3, "3"),
    ],
)
def test_a_column_is_named_in_words(name, words):
    assert in_words(name) == words


def test_figures_and_tables_spell_the_metrics_alike():
    assert NAMES.items() >= METRIC_NAMES.items()


def test_each_kind_of_cell():
    frame = pd.DataFrame(
        {
            "dice": [0.81234, 1.0, np.nan],
            "patients": [9.0, 29.0, np.nan],  # counts that a missing one made floats
            "missed": [0.0, 1.0, 0.0],
            "parameters": [1945233, 438921, 0],
            "p_holm": [0.0004, 0.04, np.nan],
            "difference": [-0.023, 0.0001, np.nan],
            "verdict": ["worse", None, ""],
            "ok": [True, False, True],
        },
        index=pd.Index(["a_b", "c", "d"], name="network"),
    )
    assert cells(frame) == [
        ["network", "Dice", "patients", "cases missed", "parameters"]
        + ["p (Holm)", "difference", "verdict", "ok"],
        ["a_b", "0.812", "9", "0", "1,945,233", "< 0.001", "-0.023", "worse", "yes"],
        ["c", "1.000", "29", "1", "438,921", "0.040", "0.000", "–", "no"],
        ["d", "–", "–", "0", "0", "–", "–", "–", "yes"],
    ]


def test_decimals_for_all_or_by_column():
    frame = pd.DataFrame({"dice": [0.91234], "bias": [-1.25]})
    assert cells(frame, 1)[1] == ["0.9", "-1.2"]
    assert cells(frame, {"bias": 2})[1] == ["0.912", "-1.25"]


def test_a_turned_table_has_another_kind_of_value_in_each_row_and_keeps_the_smallest():
    turned = pd.DataFrame({"first": {"learning_rate": 5e-4, "epochs": 12, "loss": "dice"}})
    assert cells(turned) == [["", "first"], ["learning_rate", "0.0005"], ["epochs", "12"],
                             ["loss", "dice"]]  # fmt: skip
    assert cells(pd.DataFrame({"rate": [1e-4, 0.0015]}))[1:] == [["0.0001"], ["0.0015"]]


def test_numbers_of_numpy_in_a_cell_are_plain_numbers():
    voxel = pd.Series({"voxel": (np.float32(1.25), np.int64(256))}, name="value")
    assert cells(voxel)[1] == ["voxel", "(1.250, 256)"]


def test_the_unit_stands_in_the_heading_or_with_the_name_of_the_row():
    columns = pd.DataFrame({"dice": [0.9, 0.8], "hd95": [4.0, 5.5], "unit": ["px", "px"]})
    assert cells(columns)[0] == ["Dice", "HD95 (px)"]
    mixed = columns.assign(unit=["px", "mm"])
    assert cells(mixed)[0] == ["Dice", "HD95", "unit"] and cells(mixed)[2][-1] == "mm"
    metrics = pd.Index(["dice", "hd95", "surface_dice"], name="metric")
    rows = pd.DataFrame({"mean": [0.9, 4.5, 0.7], "unit": ["", "mm", "within 2 mm"]}, metrics)
    assert [row[0] for row in cells(rows)] == [
        "metric", "Dice", "HD95 (mm)", "surface Dice (within 2 mm)",
    ]  # fmt: skip
    assert "unit" in columns and "unit" in rows  # what was given is left as it was


def test_numbers_of_rows_are_left_out_and_names_of_rows_are_not():
    assert cells(pd.DataFrame({"a": ["x"]})) == [["a"], ["x"]]
    levels = pd.MultiIndex.from_tuples([("U-Net", "dice")], names=["loss", "metric"])
    assert cells(pd.DataFrame({"mean": [0.5]}, index=levels))[1] == ["U-Net", "Dice", "0.500"]
    turned = pd.DataFrame({"pixels": [5, 14]}).rename_axis("poolings").T
    assert cells(turned)[0] == ["poolings", "0", "1"]


def test_html_has_text_to_the_left_numbers_to_the_right_and_nothing_cut_or_unescaped():
    long = "a sentence that pandas would cut after fifty characters <b> & so on"
    html = show_table(pd.DataFrame({"text": [long], "dice": [0.5]}))._repr_html_()
    assert Cells(html).found == [("text", "left"), ("Dice", "right"), (long, "left"),
                                 ("0.500", "right")]  # fmt: skip
    assert "<b>" not in html


def test_text_for_a_terminal_is_lined_up():
    lines = repr(show_table(pd.DataFrame({"name": ["U-Net"], "patients": [3]}))).splitlines()
    assert lines == ["name      patients", "------  ----------", "U-Net            3"]


def test_a_table_without_rows_shows_its_headings():
    assert "Dice" in repr(show_table(pd.DataFrame({"dice": []})))


def test_a_recipe_is_a_table_of_its_fields():
    shown = dict(cells(pd.Series(vars(get_recipe("unet", "smoke")), name="value"))[1:])
    assert shown["epochs"] == "1" and shown["weight_decay"] == "0.0001"
    assert shown["preprocessing"] == "Preprocessing()"
