"""The figure that a mask of the heart is drawn for: is the ejection fraction right too?

Everything here is made of stored counts of pixels: nothing is trained or predicted again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from seglib import reporting
from seglib.clinical.bland_altman import agreement
from seglib.clinical.ejection import RULES, measure_patients
from seglib.clinical.pictures import plot_bland_altman, plot_dice_and_error
from seglib.plotting.style import GREY, PALETTE, new_figure, plain_axes
from seglib.slices import SliceSet
from study import results
from study.ejection_tables import ATLAS, GROUPS, groups_table, network_row, parts_table
from study.questions.best import NETWORKS, PROTOCOLS, stored_experiments
from study.questions.networks import NAMES
from study.section import labels, with_interval
from study.variants import compare_variants, compare_with, patients_by_variant

#: The committed model, on the literature's test patients.
COMMITTED = ("literature", "lv_best")
#: Counts of all 45 patients: the atlas' groups include the one with wrong labels, whose outlines
#: are displaced but of a plausible size.
EVERYBODY = "audit"
#: Two networks of the comparison: from one training each, nearly one Dice and two EFs. Chosen
#: after a look at all of them.
PAIR = ("encoder_decoder", "attention_unet")


def committed_counts() -> pd.DataFrame:
    """Pixels of each slice of the literature's test patients, by the committed model."""
    experiment, variant = COMMITTED
    return results.read_results(experiment, "per_slice", [variant])


def committed_patients(rule: str = "all") -> pd.DataFrame:
    """`measure_patients` of the committed model, with each patient's ``dice``."""
    experiment, variant = COMMITTED
    per_case = results.read_results(experiment, "per_case", [variant])
    dice = patients_by_variant(per_case)[variant].set_index("patient")["dice"]
    return measure_patients(committed_counts(), rule).join(dice)


def rules_table() -> pd.DataFrame:
    """`groups_table` of the committed model by both counting rules."""
    tables = {rule: groups_table(committed_patients(rule)) for rule in RULES}
    return pd.concat(tables, names=["rule"])


def experts_table() -> pd.DataFrame:
    """The expert's masks alone, by pathology, beside what the Cardiac Atlas publishes.

    Returns:
        Index ``pathology``: ``patients``; mean and SD of the ejection fraction by both rules;
        that of the atlas; and how many pixels of mask there are for each mL of the atlas, by
        phase: one number everywhere if both measured alike.
    """
    counts = results.read_results(EVERYBODY, "per_slice").drop(columns="predicted")
    measured = {rule: measure_patients(counts, rule) for rule in RULES}
    groups = {rule: table.groupby("pathology") for rule, table in measured.items()}
    volumes = groups["all"][["ed_truth", "es_truth"]].mean()
    table = pd.DataFrame({"patients": groups["all"].size()})
    for rule, group in groups.items():
        table[rule], table[f"{rule}_sd"] = group["ef_truth"].mean(), group["ef_truth"].std()
    table = table.join(ATLAS[["ef", "ef_sd"]].add_prefix("atlas_"))
    table["ed_px_per_ml"] = volumes["ed_truth"] / ATLAS["ed_ml"]
    table["es_px_per_ml"] = volumes["es_truth"] / ATLAS["es_ml"]
    return table.loc[list(GROUPS)]


def variants_table(experiment: str, patients: set[str] | None = None) -> pd.DataFrame:
    """Dice and agreement of each variant of an experiment, best Dice first.

    Args:
        experiment: Its name.
        patients: Whom to count; None for all.

    Returns:
        Index ``variant``: ``dice`` with its 95 % interval over patients (``dice_low``,
        ``dice_high``), and `study.ejection_tables.network_row`.
    """
    slices, cases = (results.read_results(experiment, name) for name in ("per_slice", "per_case"))
    if patients is not None:
        slices, cases = (table[table["patient"].isin(patients)] for table in (slices, cases))
    names = {"low": "dice_low", "high": "dice_high"}
    dice = compare_variants(cases)[["dice", *names]].rename(columns=names)
    rows = {variant: network_row(rows) for variant, rows in slices.groupby("variant")}
    return dice.join(pd.DataFrame.from_dict(rows, orient="index"))


def protocols_table() -> pd.DataFrame:
    """One row a network of `study.questions.best`, on both protocols.

    The five folds also on the literature's test patients alone: those of networks that saw
    more patients.
    """
    tested = set(committed_counts()["patient"])
    parts = []
    for experiment in stored_experiments():
        protocol = PROTOCOLS[experiment]
        counted = {protocol: None}
        if experiment == "best":
            counted[f"{protocol}, the literature's {len(tested)}"] = tested
        for name, patients in counted.items():
            table = variants_table(experiment, patients)
            rows = table.loc[
                [variant for variant in NETWORKS[experiment] if variant in table.index]
            ]
            rows.insert(0, "protocol", name)
            rows.insert(1, "network", rows.index.map(NETWORKS[experiment]))
            parts.append(rows)
    return pd.concat(parts, ignore_index=True)


def pair_table(pair: tuple[str, str] = PAIR) -> pd.DataFrame:
    """What sets two networks of the comparison apart: by their first training, and by all.

    Args:
        pair: Their variants; the second minus the first is shown.

    Returns:
        Index ``trainings`` (seeds of each) and ``score`` ("Dice", "EF (points)"): mean
        ``difference`` with its 95 % interval (``low``, ``high``) and ``patients``. Seeds are
        averaged within each patient; the interval of the EF is over patients alone.
    """
    cases = results.read_results("comparison", "per_case", pair)
    slices = results.read_results("comparison", "per_slice", pair)
    seeds = set.intersection(*(set(own["seed"]) for _, own in cases.groupby("variant")))
    rows = {}
    for chosen in dict.fromkeys((frozenset([min(seeds)]), frozenset(seeds))):
        dice = compare_with(cases[cases["seed"].isin(chosen)], pair[0]).loc[pair[1]]
        ef = _compare_ef(slices[slices["seed"].isin(chosen)], pair)
        rows[len(chosen), "Dice"] = dice[["difference", "low", "high", "n"]].tolist()
        rows[len(chosen), "EF (points)"] = [ef["bias"], ef["bias_low"], ef["bias_high"], ef["n"]]
    columns = ["difference", "low", "high", "patients"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.set_index(pd.MultiIndex.from_tuples(rows, names=["trainings", "score"]))


def _compare_ef(per_slice: pd.DataFrame, pair: tuple[str, str]) -> pd.Series:
    predicted = {
        variant: pd.DataFrame(
            {seed: measure_patients(own)["ef_predicted"] for seed, own in rows.groupby("seed")}
        ).mean(axis=1)
        for variant, rows in per_slice.groupby("variant")
    }
    return agreement(*(predicted[variant] for variant in pair))


def plot_networks(table: pd.DataFrame) -> Figure:
    """Dice and bias of each network side by side, best Dice first.

    Args:
        table: From `variants_table`.
    """
    fig, grid = new_figure(1, 2, width=3.9, height=0.34 * len(table) + 0.8, sharey=True)
    rows = np.arange(len(table))[::-1]
    names = {"dice": "mean Dice per patient", "bias": "bias of the EF (points)"}
    for axes, (column, name), colour in zip(grid[0], names.items(), PALETTE[::5], strict=True):
        value, low, high = (table[f"{column}{end}"] for end in ("", "_low", "_high"))
        axes.errorbar(
            value,
            rows,
            xerr=[value - low, high - value],
            fmt="o",
            color=colour,
            capsize=3,
            zorder=3,
        )
        axes.set_xlabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        plain_axes(axes, grid="both")
    grid[0, 1].axvline(0, color=GREY, linewidth=0.8, zorder=1)
    grid[0, 0].set_yticks(rows, table.index)
    fig.suptitle(f"means over n = {table['patients'].max()} patients, 95 % intervals", fontsize=9)
    return fig


def tables(folder: Path) -> None:
    """Write each patient's ejection fraction, and what groups and networks come to."""
    note = labels(COMMITTED[0], [COMMITTED[1]])
    reporting.save_table(committed_patients(), "ef_patients", **note, folder=folder)
    reporting.save_table(rules_table(), "ef_groups", **note, folder=folder)
    reporting.save_table(parts_table(committed_counts()), "ef_parts", **note, folder=folder)
    reporting.save_table(experts_table(), "ef_experts", **labels(EVERYBODY), folder=folder)
    note = labels("comparison")
    reporting.save_table(variants_table("comparison"), "ef_comparison", **note, folder=folder)
    reporting.save_table(pair_table(), "ef_pair", **labels("comparison", list(PAIR)), folder=folder)
    note["runs"] = [run for name in stored_experiments() for run in results.stored_names(name)]
    reporting.save_table(protocols_table(), "ef_protocols", **note, folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the committed model's agreement, Dice beside its error, and the networks."""
    note = labels(COMMITTED[0], [COMMITTED[1]])
    patients = committed_patients()
    reporting.save_figure(plot_bland_altman(patients), "ef_agreement", **note, folder=folder)
    reporting.save_figure(plot_dice_and_error(patients), "ef_dice", **note, folder=folder)
    networks = plot_networks(variants_table("comparison").rename(index=NAMES))
    reporting.save_figure(networks, "ef_networks", **labels("comparison"), folder=folder)


def _points(table: pd.DataFrame, name: str, form: str = ".1f") -> list[str]:
    return with_interval(table, name, f"{name}_low", f"{name}_high", form)


def _mean_sd(table: pd.DataFrame, name: str) -> list[str]:
    return [f"{row[name]:.1f} ({row[f'{name}_sd']:.1f})" for _, row in table.iterrows()]


def _limits(table: pd.DataFrame) -> list[str]:
    return [f"{row['lower']:+.1f} to {row['upper']:+.1f}" for _, row in table.iterrows()]


def _groups_block(table: pd.DataFrame) -> str:
    shown = pd.DataFrame(
        {
            "patients": table.index.get_level_values("patients"),
            "slices": table.index.get_level_values("rule"),
            "number": table["n"].astype(int).to_numpy(),
            "expert's EF": [f"{value:.1f}" for value in table["ef_truth"]],
            "predicted": [f"{value:.1f}" for value in table["ef_predicted"]],
            "bias": _points(table, "bias", "+.1f"),
            "SD": [f"{value:.1f}" for value in table["sd"]],
            "limits of agreement": _limits(table),
            "mean absolute error": _points(table, "mae"),
            "ED volume": [f"x{value:.3f}" for value in table["ed_ratio"]],
            "ES volume": [f"x{value:.3f}" for value in table["es_ratio"]],
            "Dice": table["dice"].to_numpy(),
        }
    )
    return reporting.to_markdown(shown).strip()


def _protocols_block(table: pd.DataFrame) -> str:
    shown = table[["protocol", "network", "dice"]].rename(columns={"dice": "Dice"})
    shown = shown.assign(
        bias=_points(table, "bias", "+.1f"),
        **{"limits of agreement": _limits(table), "mean absolute error": _points(table, "mae")},
        patients=table["patients"],
        seeds=table["seeds"],
    )
    return reporting.to_markdown(shown).strip()


def _experts_block(table: pd.DataFrame) -> str:
    shown = pd.DataFrame(
        {
            "patients": table.index,
            "number": table["patients"].to_numpy(),
            "all slices": _mean_sd(table, "all"),
            "paired slices": _mean_sd(table, "paired"),
            "Cardiac Atlas": _mean_sd(table, "atlas_ef"),
            "pixels per mL, ED": [f"{value:.1f}" for value in table["ed_px_per_ml"]],
            "pixels per mL, ES": [f"{value:.1f}" for value in table["es_px_per_ml"]],
        }
    )
    return reporting.to_markdown(shown).strip()


def _pair_block(table: pd.DataFrame) -> str:
    second_minus_first = f"{NAMES[PAIR[1]]} minus {NAMES[PAIR[0]]}"
    shown = pd.DataFrame(
        {
            "trainings of each": table.index.get_level_values("trainings"),
            "score": table.index.get_level_values("score"),
            second_minus_first: with_interval(table, "difference", form="+.3f"),
            "patients": table["patients"].astype(int).to_numpy(),
        }
    )
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    parts = parts_table(committed_counts()).map(lambda points: f"{points:+.2f}")
    return {
        "ef_groups": _groups_block(rules_table()),
        "ef_parts": reporting.to_markdown(parts).strip(),
        "ef_protocols": _protocols_block(protocols_table()),
        "ef_pair": _pair_block(pair_table()),
        "ef_experts": _experts_block(experts_table()),
    }
