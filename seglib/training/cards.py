"""A model card: what a network is for, what it has seen, how well it did, and where it may fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from seglib.errors import SeglibError

if TYPE_CHECKING:
    from seglib.training.runs import Run

#: The scores that a card gives, in this order.
SCORES = ("dice", "jaccard", "hd95", "surface_dice")


def model_card(
    run: Run, *, purpose: str, data: str, scores: pd.DataFrame, limits: Sequence[str]
) -> str:
    """Write the card of a network that was trained here.

    What only the author knows (purpose, data, limits) is given; all numbers come from the
    run and the scores.

    Args:
        run: The training.
        purpose: One sentence: what the network outlines, on what kind of images.
        data: One sentence: whose images, and under which permission.
        scores: `seglib.evaluation.summarise` of patients who played no part in the training.
        limits: What it must not be used for, and where it fails; at least one.

    Returns:
        Markdown.

    Raises:
        SeglibError: A text or all limits are missing, or the scores are of several classes.

    Source: Mitchell et al. 2019, Model Cards for Model Reporting (doi:10.1145/3287560.3287596).
    """
    missing = [name for name, text in (("purpose", purpose), ("data", data)) if not text.strip()]
    missing += [] if any(limit.strip() for limit in limits) else ["limits"]
    if missing:
        raise SeglibError(f"a model card needs a text for {' and '.join(missing)}; write it first")
    if scores.index.nlevels != 1:
        raise SeglibError("these scores are of several classes; give a card those of one class")
    recipe, manifest = run.recipe, run.manifest
    rows = "".join(_row(name, scores.loc[name]) for name in SCORES if name in scores.index)
    missed, invented = (int(scores.at["dice", name]) for name in ("missed", "false_positive"))
    bullets = "\n".join(f"- {limit.strip()}" for limit in limits if limit.strip())
    return f"""# Model card: {run.id}

{purpose.strip()}
For teaching and research. Not a medical device.

| | |
|---|---|
| network | {recipe.architecture}, {recipe.filters} filters, depth {recipe.depth}, \
{manifest["parameters"]:,} parameters |
| data | {data.strip()} |
| trained on | {len(manifest["train_patients"])} patients, {manifest["train_slices"]} slices; \
{len(manifest["validation_patients"])} more chose the epoch |
| training | {recipe.epochs} epochs, {recipe.loss}, {recipe.optimizer}, seed {manifest["seed"]}, \
{manifest["seconds"] / 60:.1f} minutes |
| input | {_seen(run)} |

## Patients it has not seen

Hard masks on the images' own grid, a patient's slices pooled; mean over patients and its 95 %
bootstrap interval.

| score | mean | 95 % interval | patients |
|---|---:|---|---:|
{rows}
Cases where it found nothing of the structure: {missed}. Cases where it drew one that is not there:
{invented}.

## Limits

{bullets}
"""


def _row(name: str, score: pd.Series) -> str:
    unit = f" ({score['unit']})" if score["unit"] else ""
    values = ("none", "")  # e.g. no distance, where it found nothing
    if score["n"]:
        values = (f"{score['mean']:.3f}", f"{score['low']:.3f} to {score['high']:.3f}")
    return f"| {name}{unit} | {values[0]} | {values[1]} | {int(score['n'])} |\n"


def _seen(run: Run) -> str:
    """What of an image goes into the network, in words."""
    prepared = run.recipe.preprocessing
    part = "the whole image" if prepared.size is None else f"the central {prepared.size} pixels"
    return f"{part}, intensities by {prepared.normalisation}"
