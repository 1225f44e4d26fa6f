"""The card beside the committed model; every figure in it comes from the stored run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seglib import job_tables, reporting, results


def write(model: Path, name: str, table: str, summary: pd.DataFrame) -> None:
    """Write the card.

    Args:
        model: The committed model file; the card has its name and the ending ``.md``.
        name: The stored job that trained it.
        table: The results as a Markdown table.
        summary: The table behind it, index ``patients`` and ``metric``.
    """
    manifest = results.read_manifest(name)
    recipe = manifest["recipe"]
    side = recipe["preprocessing"]["size"]
    text = f"""# Model card: {model.name}

Outlines the left-ventricular blood pool (inside the endocardium, papillary muscles
counted as blood, as the experts drew it) on short-axis cine MR slices.
For teaching and research. Not a medical device.

| | |
|---|---|
| network | {recipe["architecture"]}, {recipe["filters"]} filters, depth {recipe["depth"]}, \
{manifest["parameters"]:,} parameters |
| trained on | Sunnybrook Cardiac Data (CC0 1.0), {len(manifest["train_patients"])} \
challenge-training patients, {manifest["train_slices"]} slices |
| training | {recipe["epochs"]} epochs, {recipe["loss"]}, {recipe["optimizer"]}, seed \
{manifest["seed"]}, {manifest["seconds"] / 60:.0f} minutes on \
{manifest["environment"]["cpu_count"]} cores |
| input | grey, 1.3 mm pixels, heart near the centre: the network sees the central \
{side}x{side} pixels |
| run | `{name}` in `reports/runs/` |

## Held-out patients, scored once

Per patient, hard masks on the native grid, every slice counted; mean [95 % bootstrap
interval over patients]. Distances are in pixels: the PNG files do not hold the spacing.

{table}

By the challenge's kinder count, only contours with a mean distance below 5 mm \
(pixel side assumed {job_tables.ASSUMED_SPACING} mm): \
{summary.loc[("all", "good_share"), "mean"]:.1%} of contours are good, with Dice \
{summary.loc[("all", "good_dice"), "mean"]:.3f}.

## Limits

- One seed, 15 training patients, one hospital, one scanner family, end-diastole and
  end-systole only. Images in the usual orientation: not turned or mirrored.
- No epicardium, no right ventricle. The slices at base and apex are the weakest.
- Images with another pixel size must be resized to about 1.3 mm first.
"""
    reporting.atomic_write(model.with_suffix(".md"), text)
