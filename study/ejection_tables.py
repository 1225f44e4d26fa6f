"""Ejection fractions of stored networks: by pathology, by place in the stack, by network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seglib.clinical.bland_altman import agreement
from seglib.clinical.contributions import error_parts
from seglib.clinical.ejection import PHASES, measure_patients
from seglib.evaluation.intervals import bootstrap_interval
from study.variants import strata

#: The pathologies as the Cardiac Atlas lists them: healthy, hypertrophy, heart failure without
#: and with infarction.
GROUPS = ("N", "HYP", "HF-NI", "HF-I")


def groups_table(patients: pd.DataFrame) -> pd.DataFrame:
    """Agreement of all patients and of each pathology.

    Args:
        patients: From `seglib.clinical.measure_patients`, with ``pathology`` and ``dice``.

    Returns:
        Index ``patients`` ("all" and `GROUPS`): mean true and predicted ejection fraction,
        all of `seglib.clinical.agreement`, mean ratios of the volumes, mean ``dice``.
    """
    groups = {"all": patients}
    groups |= {name: patients[patients["pathology"] == name] for name in GROUPS}
    rows = {
        name: {
            "ef_truth": rows["ef_truth"].mean(),
            "ef_predicted": rows["ef_predicted"].mean(),
            **agreement(rows["ef_truth"], rows["ef_predicted"]),
            "ed_ratio": (rows["ed_predicted"] / rows["ed_truth"]).mean(),
            "es_ratio": (rows["es_predicted"] / rows["es_truth"]).mean(),
            "dice": rows["dice"].mean(),
        }
        for name, rows in groups.items()
        if len(rows)
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")


def parts_table(counts: pd.DataFrame) -> pd.DataFrame:
    """Which phase and which part of the stack the bias comes from, in points.

    Args:
        counts: Of one network, from `study.results.read_results`.

    Returns:
        Index ``patients`` ("all" and the pathologies): mean over patients of what the slices
        of each phase bring (``ED``, ``ES``), of both together (``error``), and of each fifth
        of the stack in both phases (as in `study.variants.strata`).
    """
    where = strata(counts)["position"]
    parts = counts[["patient", "pathology", "phase"]].assign(
        position=where, points=error_parts(counts)
    )
    rows = {}
    for name in ("all", *GROUPS):
        group = parts if name == "all" else parts[parts["pathology"] == name]
        n = group["patient"].nunique()
        if n:
            sums = [
                group.groupby(by, observed=False)["points"].sum() for by in ("phase", "position")
            ]
            rows[name] = pd.concat([sums[0].reindex(PHASES), sums[1]]) / n
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("patients")
    table.insert(2, "error", table[list(PHASES)].sum(axis=1))
    return table


def network_row(counts: pd.DataFrame) -> dict[str, float | int]:
    """Agreement of one network on its patients, seeds averaged within each patient.

    Args:
        counts: Its slices, from `study.results.read_results`.

    Returns:
        ``bias`` and ``mae`` with 95 % intervals over patients; ``sd`` and the limits
        of agreement (``lower``, ``upper``), the mean of the seeds' own; ``patients``, ``seeds``.
    """
    seeds = {seed: measure_patients(rows) for seed, rows in counts.groupby("seed")}
    found = pd.DataFrame(
        [agreement(table["ef_truth"], table["ef_predicted"]) for table in seeds.values()]
    )
    errors = pd.DataFrame({seed: table["error"] for seed, table in seeds.items()})
    mean = errors.mean(axis=1)
    of_bias = agreement(np.zeros(len(mean)), mean)
    distance = errors.abs().mean(axis=1).dropna().to_numpy()
    mae_low, mae_high = bootstrap_interval(distance)
    return {
        **{name: of_bias[name] for name in ("bias", "bias_low", "bias_high")},
        **{name: found[name].mean() for name in ("sd", "lower", "upper")},
        "mae": distance.mean(),
        "mae_low": mae_low,
        "mae_high": mae_high,
        "patients": of_bias["n"],
        "seeds": len(seeds),
    }


#: What the Cardiac Atlas Project publishes of the same 45 patients: mean and SD of the ejection
#: fraction in percent, mean volumes in mL. Source:
#: https://www.cardiacatlas.org/studies/sunnybrook-cardiac-data/; the patients and the challenge:
#: Radau et al. 2009, doi:10.54294/g80ruo.
ATLAS = pd.DataFrame(
    [
        (62.93, 3.65, 115.69, 43.10),
        (62.72, 9.22, 114.39, 43.11),
        (33.09, 13.07, 233.67, 158.28),
        (32.01, 12.27, 244.92, 174.34),
    ],
    index=pd.Index(GROUPS, name="pathology"),
    columns=["ef", "ef_sd", "ed_ml", "es_ml"],
)
