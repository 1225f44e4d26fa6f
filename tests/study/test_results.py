"""Reading what jobs have left."""

import pandas as pd
import pytest
from stored_jobs import plant_job

from seglib.errors import SeglibError
from study import results


@pytest.fixture
def finished(tmp_path):
    """One stored job of the experiment ``trial``, as far as it is looked for."""
    plant_job(tmp_path, "trial", "tiny", "fold1", 0, {})
    return tmp_path


def test_absent_results_are_named(finished):
    with pytest.raises(SeglibError, match="python -m study run nowhere"):
        results.read_results("nowhere", "per_case", stored=finished)
    with pytest.raises(SeglibError, match="other"):
        results.stored_names("trial", ["tiny", "other"], finished)


def test_names_that_look_like_numbers_stay_text(tmp_path):
    (tmp_path / "trial").mkdir()
    frame = pd.DataFrame({"case": ["041_02", "007"], "patient": ["041", "007"], "dice": [0.5, 1]})
    frame.to_csv(tmp_path / "trial" / "per_case.csv", index=False)
    pd.testing.assert_frame_equal(results.read_table("trial", "per_case", tmp_path), frame)


def test_a_figure_of_the_report_is_shown_as_it_is_and_an_absent_one_is_named(tmp_path):
    picture = b"\x89PNG\r\n\x1a\n...."
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "doubt.png").write_bytes(picture)
    shown = results.stored_figure("doubt", "Dots", tmp_path / "runs")
    assert shown.data == picture and shown.alt == "Dots"
    with pytest.raises(SeglibError, match="no figure reliability; .*make report"):
        results.stored_figure("reliability", "Curves", tmp_path / "runs")
