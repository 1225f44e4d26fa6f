"""How well outlines fit, beside the Dice of what they enclose; and what cannot be measured."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib.evaluation.tables import per_patient
from study.results import STORED, read_table

#: What identifies a case of a stored job.
_KEYS = ["variant", "seed", "case"]


def outline_scores(per_case: pd.DataFrame) -> pd.DataFrame:
    """Surface Dice and HD95 of each variant, and how many volumes have no HD95.

    Args:
        per_case: From `study.results.read_results`.

    Returns:
        Index ``variant``: ``surface_dice`` and ``hd95`` (mean over patients, seeds and classes
        averaged; HD95 over those that have one), ``within`` (the tolerance with its unit),
        ``cases`` (volumes, of each class and seed) and ``undefined`` (those of them that hold a
        mask but have no HD95: one mask is missing, or the two never meet in a slice; their
        surface Dice is 0).
    """
    rows = {}
    for variant, part in per_case.groupby("variant", sort=False):
        seeds = pd.concat([per_patient(rows) for _, rows in part.groupby("seed")])
        means = seeds.groupby("patient")[["surface_dice", "hd95"]].mean().mean()
        tolerance, unit = part["tolerance"].iloc[0], part["unit"].iloc[0]
        rows[variant] = {
            **means,
            "within": f"{tolerance:g} {unit}",
            "cases": len(part),
            "undefined": int((part["hd95"].isna() & part["dice"].notna()).sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")


def shown(scores: pd.DataFrame) -> dict[str, list[str]]:
    """Of `outline_scores` the columns of a Markdown table; nothing is left blank.

    Args:
        scores: Its rows in the order of the table, all with one tolerance.
    """
    unit = scores["within"].iloc[0].split()[-1]
    return {
        f"surface Dice ({scores['within'].iloc[0]})": [f"{x:.3f}" for x in scores["surface_dice"]],
        f"HD95 ({unit})": ["none" if pd.isna(x) else f"{x:.3f}" for x in scores["hd95"]],
        "without HD95": [
            f"{n} of {of}" for n, of in zip(scores["undefined"], scores["cases"], strict=True)
        ],
    }


def at_one_pixel(per_case: pd.DataFrame, stored: Path = STORED) -> pd.DataFrame:
    """Scores of the literature protocol with the surface Dice at a tolerance of one pixel.

    The jobs were scored at two pixels; the judge has stored what their masks give at one.

    Args:
        per_case: Of its jobs, with ``variant``, ``seed`` and ``case``.
        stored: Where results are kept.
    """
    fine = read_table("judge", "surfaces", stored).set_index(_KEYS)["surface_dice"]
    found = fine.reindex(pd.MultiIndex.from_frame(per_case[_KEYS])).to_numpy()
    return per_case.assign(surface_dice=found, tolerance=1.0)
