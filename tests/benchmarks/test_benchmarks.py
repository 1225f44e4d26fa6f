"""Benchmarks compare inside a round, survive what peers print, and name who is missing."""

import importlib
import os
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import toy_benchmark

from benchmarks import aims, dice_report, growth_report, report
from benchmarks.__main__ import NAMES, main
from benchmarks.flops import training_gflop
from benchmarks.interleaved import measure, summarise
from study import pages


@pytest.fixture
def with_toys(monkeypatch):
    """The processes of contenders find the toys."""
    tests = os.path.dirname(toy_benchmark.__file__)
    monkeypatch.setenv("PYTHONPATH", f"{tests}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


def only(*names):
    """The toys of these names."""
    toys = toy_benchmark.BENCHMARK
    return replace(toys, contenders=tuple(toys[name] for name in names))


def test_every_contender_has_its_turns_and_the_missing_one_is_named(with_toys, tmp_path):
    toys = only("three", "printing", "missing")
    turns, facts = measure(toys, tmp_path, rounds=2, seconds=0.0)
    assert turns["contender"].tolist() == ["three", "printing"] * 2
    assert turns["round"].tolist() == [1, 1, 2, 2]
    assert turns["items"].tolist() == [3, 1, 3, 1]
    assert (turns["seconds"] > 0).all() and (turns["peak_mib"] > 1).all()
    assert facts["three"] == {"items_at_once": 3}
    assert "a_package_that_nobody_has" in facts["missing"]["missing"]


def test_a_contender_that_fails_says_why(with_toys, tmp_path):
    with pytest.raises(RuntimeError, match="failing stopped:(?s:.)*a mistake of its own"):
        measure(only("three", "failing"), tmp_path, rounds=1, seconds=0.0)


def test_ratios_are_taken_inside_a_round():
    # The machine is half as fast in round 2: the ratio is 2 in both rounds all the same.
    turns = pd.DataFrame(
        [
            ("a", 1, 10, 1.0, 2.0),
            ("b", 1, 20, 1.0, 1.0),
            ("a", 2, 5, 1.0, 2.0),
            ("b", 2, 10, 1.0, 1),
        ],
        columns=["contender", "round", "items", "seconds", "cpu_seconds"],
    ).assign(peak_mib=[1.0, 5.0, 3.0, 4.0], own_mib=1.0)
    table = summarise(turns, "a")
    assert table.index.tolist() == ["a", "b"]
    assert table["rate"].tolist() == [7.5, 15.0]
    assert table.loc["b", ["ratio", "ratio_low", "ratio_high"]].tolist() == [2.0, 2.0, 2.0]
    assert table.loc["b", "per_core_ratio"] == 4.0
    assert table["peak_mib"].tolist() == [3.0, 5.0]


def test_minutes_until_a_level_is_reached():
    curves = pd.DataFrame(
        {"seconds": [60, 120, 180], "cpu_seconds": [90, 180, 270], "dice": [0.5, 0.86, 0.8]}
    ).assign(recipe="unet", seed=0)
    (row,) = dice_report.minutes_until(curves, (0.85, 0.9)).to_dict("records")
    assert row["0.85"] == 2.0 and row["0.85, CPU"] == 3.0
    assert np.isnan(row["0.90"]) and np.isnan(row["0.90, CPU"])


def test_an_aim_is_held_against_the_best_peer_inside_each_round():
    # The peer with the best median is "b"; ours is 1.5, 1.2 and 0.9 times as fast.
    rates = {"ours": (15, 12, 18), "a": (14, 1, 1), "b": (10, 10, 20)}
    speeds = pd.DataFrame(rates, index=[1, 2, 3])
    ratio = speeds["ours"] / aims.best_of(speeds, ("a", "b", "not installed"))
    row = aims.over_rounds("speed", ratio, 1, at_least=True).row()
    assert row["measured"] == "1.2 [0.9, 1.5]" and row["met"] == "yes"
    assert aims.over_rounds("speed", ratio, 1.3, at_least=True).row()["met"] == "no"
    assert aims.over_rounds("cost", ratio, 1.3).row()["met"] == "yes"


def test_a_dice_counts_as_reached_when_every_seed_reached_it():
    rows = [
        ("small", 0, 60, 0.86),  # reaches 0.85 first, but with one seed
        ("small", 1, 60, 0.84),
        ("large", 0, 120, 0.91),
        ("large", 1, 90, 0.89),
        ("large", 1, 360, 0.92),
    ]
    curves = pd.DataFrame(rows, columns=["recipe", "seed", "seconds", "dice"])
    found = list(aims.AIMS["time_to_dice"](curves.assign(cpu_seconds=1.0)))
    assert [aim.row()["measured"] for aim in found] == ["2 min", "6 min", "never"]
    assert [aim.met for aim in found] == [True, False, False]


def test_a_share_of_the_peak_counts_operations_inside_a_round():
    # 4 items of 5e9 operations a second, of what a product of 40 and then 80 items of 1e9 shows.
    turns = pd.DataFrame(
        [("net", 1, 4, 1.0), ("product", 1, 40, 1.0), ("net", 2, 4, 1.0), ("product", 2, 40, 0.5)],
        columns=["contender", "round", "items", "seconds"],
    )
    facts = {"net": {"gflop": 5.0}, "product": {"gflop": 1.0}}
    shares = report.share_of_peak(turns, {"contenders": facts, "yardstick": "product"})
    assert shares["net"] == pytest.approx((0.5 + 0.25) / 2)


def test_operations_of_convolutions_are_counted():
    image = keras.Input((8, 8, 3))
    small = keras.Sequential([keras.Input((4, 4, 5)), keras.layers.Conv2D(7, 1)])
    x = keras.layers.Conv2D(5, 3, strides=2, padding="same")(image)
    x = keras.layers.Conv2DTranspose(2, 2, strides=2)(small(x))
    by_hand = 16 * (9 * 3 * 5) + 16 * (5 * 7) + 16 * (4 * 7 * 2)
    assert training_gflop(keras.Model(image, x)) == pytest.approx(3 * 2 * by_hand / 1e9)


def test_exponents_are_the_powers_that_costs_grow_with():
    rows = [
        {"quantity": quantity, "value": value, "round": number, "ms": number * value**power}
        for quantity, power in (("side", 2), ("slices", 0))
        for value in (1, 2, 4, 8)
        for number in (1, 2)
    ]
    found = growth_report.exponents(pd.DataFrame(rows))
    assert found.loc["side"].tolist() == pytest.approx([2, 2, 2, 2])
    assert found.loc["slices"].tolist() == pytest.approx([0, 0, 0, 0])


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_is_found_where_it_says_it_is(name):
    benchmark = importlib.import_module(f"benchmarks.{name}").BENCHMARK
    assert benchmark.name == name
    names = [contender.name for contender in benchmark.contenders]
    assert len(names) == len(set(names)) > 1


def test_the_page_follows_from_what_is_stored():
    assert pages.out_of_date(report.PAGE, report.blocks()) == []


def test_the_page_alone_is_made_without_measuring(tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    markers = "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in report.blocks())
    page.write_text(markers)
    monkeypatch.setattr(report, "PAGE", page)
    drawn = []
    monkeypatch.setattr(report, "figures", lambda: drawn.append(True))
    assert main(["--page"]) == 0
    assert drawn and pages.out_of_date(page, report.blocks()) == []
    assert "old" not in page.read_text()


@pytest.mark.parametrize("name", report.stored_names())
def test_a_stored_benchmark_can_be_shown(name):
    turns, manifest = report.read(name)
    ran = {one for one, facts in manifest["contenders"].items() if "missing" not in facts}
    assert ran == set(turns["contender"])
    assert report.markdown(name)
