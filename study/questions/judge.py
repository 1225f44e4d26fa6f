"""The same masks under six published ways to count, the challenge's own judge among them.

    python -m study judge

compares the stored masks of the literature protocol with the expert's, contour by contour, and
writes ``contours.csv`` to ``reports/runs/judge/``; beside it ``surfaces.csv``, the surface Dice of
each case at a tolerance of one pixel, and ``manifest.json``. It needs the data set; the report's
tables need only what is stored.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from seglib import reporting
from seglib.evaluation.challenge import RULES, judge_cases, judge_contours
from seglib.evaluation.tables import per_patient, score_cases
from seglib.files import write_json
from seglib.program import program
from seglib.slices import SliceSet, data_hash
from study.questions import heart
from study.questions.heart import ASSUMED_SPACING
from study.results import (
    STORED,
    read_manifest,
    read_masks,
    read_results,
    read_table,
    stored_names,
    write_table,
)
from study.section import measured_labels

#: The networks, as `study.questions.best` names them, and their columns. The first is the
#: committed model, whose contours are shown beside the published ones.
NETWORKS = {
    "lv_best": "committed model",
    "selected": "16 filters, 80 epochs",
    "selected-ensemble": "ensemble of its three seeds",
    "selected-folds": "ensemble of five",
}

#: Dice, APD (mm) and good contours (%) of others on this set, and their test cases: Tran's from the
#: table in his repository, which gives the paper's beside it; Avendi's from the abstract.
PUBLISHED = {
    "Tran 2016, the paper's network": (0.92, 1.74, 97.42, 30),
    "Tran 2016, its Keras version": (0.92, 1.82, 97.61, 30),
    "Avendi 2016": (0.94, 1.81, 96.69, None),
}
TRAN = "[Tran 2016](https://arxiv.org/abs/1604.00494)"
AVENDI = "[Avendi 2016](https://doi.org/10.1016/j.media.2016.01.005)"
RADAU = "[Radau 2009](https://doi.org/10.54294/g80ruo)"
ISENSEE = "[Isensee 2021](https://doi.org/10.1038/s41592-020-01008-z)"

#: Slices whose pixels system 5 pooled before it formed a ratio.
BATCH = 32


def soft_dice(per_slice: pd.DataFrame) -> float:
    """Mean over slices of the Dice of probabilities, on the network's grid."""
    both = per_slice["network_truth"] + per_slice["soft_predicted"]
    return float((2 * per_slice["soft_overlap"] / both).mean())


def soft_jaccard_by_batch(per_slice: pd.DataFrame, batch: int = BATCH, seed: int = 0) -> float:
    """Mean over shuffled batches of the Jaccard of probabilities, pooled in each batch."""
    order = np.random.default_rng(seed).permutation(len(per_slice))
    columns = per_slice[["soft_overlap", "network_truth", "soft_predicted"]].to_numpy()[order]
    pooled = np.add.reduceat(columns, np.arange(0, len(columns), batch))
    overlap, truth, predicted = pooled.T
    return float((overlap / (truth + predicted - overlap)).mean())


def dice_with_background(per_case: pd.DataFrame, pixels: int) -> float:
    """Mean over patients of the mean Dice of heart and background, pixels pooled by patient.

    Args:
        per_case: From `seglib.evaluation.score_cases`.
        pixels: Of one slice.
    """
    columns = ["truth_voxels", "predicted_voxels", "overlap_voxels", "slices"]
    truth, predicted, overlap, slices = per_case.groupby("patient")[columns].sum().to_numpy().T
    neither = slices * pixels - truth - predicted + overlap
    background = 2 * neither / (2 * slices * pixels - truth - predicted)
    return float(((2 * overlap / (truth + predicted) + background) / 2).mean())


def make(slices: SliceSet, stored: Path, output: Path, experiment: str = "literature") -> None:
    """Judge the contours of every stored job of an experiment.

    Args:
        slices: The set that its jobs were made from.
        stored: Where results are kept.
        output: Folder to write.
        experiment: Its name.

    Raises:
        SeglibError: Nothing is stored, or a job's masks are not.
    """
    judged, surfaces = [], []
    names = stored_names(experiment, stored=stored)
    for name in names:
        manifest = read_manifest(name, stored)
        test = slices.of_patients(manifest["test_patients"])
        masks = read_masks(name, stored)
        labels = {"variant": manifest["variant"], "seed": manifest["seed"]}
        judged.append(judge_contours(test, masks).assign(**labels))
        scores = score_cases(test, masks, tolerance=1.0)
        surfaces.append(scores[["case", "surface_dice"]].assign(**labels))
    for table, parts in {"contours": judged, "surfaces": surfaces}.items():
        write_table(output, table, pd.concat(parts))
    pixels = int(np.prod(slices.masks.shape[1:3]))
    write_json(
        output / "manifest.json", {"jobs": names, "pixels": pixels, "source": data_hash(slices)}
    )
    print(f"{len(names)} jobs judged, {sum(map(len, judged))} contours")


def challenge_table(stored: Path = STORED) -> pd.DataFrame:
    """What the judge says of each network, by each version of its program.

    Returns:
        Index ``version`` and ``variant``: mean over cases of ``distance`` (mm), ``dice`` and
        ``good_share``, seeds averaged, and ``cases``.
    """
    contours = read_table("judge", "contours", stored)
    rows = {}
    for version in RULES:
        for variant, of_variant in contours.groupby("variant", sort=False):
            seeds = [
                judge_cases(part, ASSUMED_SPACING, version)[["distance", "dice", "good_share"]]
                for _, part in of_variant.groupby("seed")
            ]
            means = pd.DataFrame([cases.mean() for cases in seeds]).mean()
            rows[version, variant] = {**means, "cases": len(seeds[0])}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.rename_axis(["version", "variant"])


def definitions_table(stored: Path = STORED) -> pd.DataFrame:
    """The stored masks of each network under six ways to count, and what others published.

    Returns:
        Index ``counted``; ``source`` (Markdown), the score of each of `NETWORKS`, and for the
        judge's rows ``distance`` (APD, mm), ``good`` (%) and ``cases`` of the committed model;
        the last rows are of `PUBLISHED`, with their Dice under ``published``.
    """
    per_case = read_results("literature", "per_case", stored=stored)
    per_slice = read_results("literature", "per_slice", stored=stored)
    pixels = read_manifest("judge", stored)["pixels"]
    judged = challenge_table(stored)

    def scores(table: pd.DataFrame, count: Callable[[pd.DataFrame], float]) -> dict[str, float]:
        found = table.groupby(["variant", "seed"])[list(table.columns)].apply(count)
        return found.groupby("variant").mean().to_dict()

    def by_judge(version: str) -> dict[str, float]:
        rows = judged.loc[version]
        committed = rows.loc[next(iter(NETWORKS))]
        return {
            **rows["dice"],
            "distance": committed["distance"],
            "good": 100 * committed["good_share"],
            "cases": committed["cases"],
        }

    rows = {
        "Dice, pixels pooled by volume, then patients": {
            "source": f"this study; {ISENSEE}",
            **scores(per_case, lambda rows: per_patient(rows)["dice"].mean()),
        },
        "Dice of probabilities, mean over slices": {
            "source": f"system 1; {TRAN} while training",
            **scores(per_slice, soft_dice),
        },
        f"Jaccard of probabilities, pooled over {BATCH} slices": {
            "source": "system 5",
            **scores(per_slice, soft_jaccard_by_batch),
        },
        "Dice with the background as a class": {
            "source": "system 4",
            **scores(per_case, lambda rows: dice_with_background(rows, pixels)),
        },
        "the judge, version 0.9: good contours below 4 mm": {"source": RADAU, **by_judge("0.9")},
        "the judge, version 1.0: below 5 mm": {
            "source": f"{RADAU}; {TRAN}; {AVENDI}",
            **by_judge("1.0"),
        },
    }
    for name, (dice, distance, good, cases) in PUBLISHED.items():
        source = TRAN if name.startswith("Tran") else AVENDI
        published = {"published": dice, "distance": distance, "good": good, "cases": cases}
        rows[name] = {"source": source, **published}
    columns = ["source", *NETWORKS, "published", "distance", "good", "cases"]
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)
    return table.rename_axis("counted")


def tables(folder: Path) -> None:
    """Write the six ways to count."""
    note = measured_labels("judge")
    reporting.save_table(definitions_table(), "judge_definitions", **note, folder=folder)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    table = definitions_table().reset_index()

    def column(name: str, form: str) -> list[str]:
        return ["" if pd.isna(value) else f"{value:{form}}" for value in table[name]]

    shown = pd.DataFrame(
        {
            "counted": table["counted"],
            "used by": table["source"],
            **{title: column(name, ".3f") for name, title in NETWORKS.items()},
            "published": column("published", ".2f"),
            "APD (mm)": column("distance", ".2f"),
            "good (%)": column("good", ".1f"),
            "cases": column("cases", ".0f"),
        }
    )
    return {"definitions": reporting.to_markdown(shown).strip()}


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study judge", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.parse_args(arguments)
    make(heart.load(), STORED, STORED / "judge")
    return 0


if __name__ == "__main__":
    sys.exit(main())
