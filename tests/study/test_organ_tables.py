"""Stored experiments of the other organs: every network has words, and figures by hand."""

import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases
from seglib.phantoms import brain as brain_phantom
from study.organ_tables import networks_table
from study.questions import atrium, brain, tumour


@pytest.mark.parametrize("organ", [atrium, brain, tumour])
def test_every_network_that_is_run_has_words(organ):
    slices = brain_phantom.make(patients=6, slices=1, size=64)
    assert {job.variant for job in organ.jobs(slices)} == set(organ.ORGAN.networks)
    assert organ.ORGAN.compared_with in organ.ORGAN.networks
    assert list(organ.EXPERIMENTS) == [organ.ORGAN.experiment]
    assert organ.EXPERIMENTS[organ.ORGAN.experiment].dataset == organ.ORGAN.dataset


def test_tissues_are_averaged_over_patients_and_seeds(tmp_path):
    slices = brain_phantom.make(patients=3, slices=2, size=64)
    cases = score_cases(slices, slices.masks)
    patient, tissue = (pd.factorize(cases[name])[0] for name in ("patient", "class"))
    for variant, gain in {"published": 0.0, "batch8": 0.1}.items():
        for seed in (0, 1):
            dice = 0.4 + 0.1 * patient + 0.01 * tissue + gain + 0.02 * seed
            planted = {"per_case": cases.assign(dice=dice)}
            plant_job(tmp_path, "brain", variant, "fold1", seed, planted)
    found = brain.tissue_table(tmp_path)
    assert list(found.columns) == list(slices.class_names[1:])
    words = brain.ORGAN.networks
    assert found.loc[words["published"]].tolist() == pytest.approx([0.51, 0.52, 0.53])
    assert found.loc[words["batch8"]].tolist() == pytest.approx([0.61, 0.62, 0.63])
    table = networks_table(brain.ORGAN, tmp_path)
    assert table["dice"].tolist() == pytest.approx([0.52, 0.62])
    assert table["median"].tolist() == pytest.approx([0.52, 0.62])
    assert table.loc[words["batch8"], "difference"] == pytest.approx(0.1)
    assert table["seeds"].tolist() == [2, 2]


def test_what_empty_slices_do(tmp_path):
    per_slice = pd.DataFrame(
        [("A", 4, 2, 2), ("A", 0, 3, 0), ("A", 0, 0, 0), ("B", 5, 0, 0), ("B", 0, 0, 0)],
        columns=["patient", "truth", "predicted", "overlap"],
    )
    plant_job(tmp_path, "tumour", "unet", "fold1", 0, {"per_slice": per_slice})
    (row,) = tumour.empty_slices_table(tmp_path).to_dict("records")
    assert row["pooled"] == pytest.approx((4 / 9 + 0) / 2)
    assert row["empty_left_out"] == pytest.approx(((2 / 3 + 0) / 2 + 0) / 2)
    assert row["empty_is_one"] == pytest.approx(((2 / 3 + 0 + 1) / 3 + (0 + 1) / 2) / 2)
    assert row["false_positive_slices"] == pytest.approx(1 / 3)
    assert row["missed_slices"] == pytest.approx(1 / 2)


def test_without_the_network_to_compare_with_there_is_no_table(tmp_path):
    with pytest.raises(SeglibError, match="python -m study run atrium"):
        networks_table(atrium.ORGAN, tmp_path)
