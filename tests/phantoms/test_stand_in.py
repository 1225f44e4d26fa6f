"""Which folder a lesson reads: the real set, or the phantom in its layout."""

import pytest

from seglib.datasets import msd_heart
from seglib.errors import DataError
from seglib.phantoms import stand_in


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No real set is found."""
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("seglib.datasets.locations.REPOSITORY", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("choice", ["auto", "phantom", "sunnybrook"])
def test_without_the_real_set_a_phantom_is_read_by_the_same_loader(nowhere, choice, capsys):
    first, second = (stand_in.find_or_simulate("msd_heart", choice) for _ in range(2))
    assert first != second  # two programs, or two kernels, do not touch each other's files
    assert msd_heart.load(first).name == msd_heart.load(second).name == "atrium phantom"
    said = "msd_heart is not on this computer" in capsys.readouterr().out
    assert said == (choice != "phantom")


@pytest.mark.slow
def test_the_real_set_is_taken_where_it_is(nowhere):
    (nowhere / "msd_heart").mkdir()
    assert stand_in.find_or_simulate("msd_heart") == nowhere / "msd_heart"
    assert stand_in.find_or_simulate("msd_heart", "msd_heart") == nowhere / "msd_heart"
    assert stand_in.find_or_simulate("msd_heart", "phantom") != nowhere / "msd_heart"


def test_insisting_on_an_absent_set_is_an_error(nowhere):
    with pytest.raises(DataError, match="no msd_heart folder found"):
        stand_in.find_or_simulate("msd_heart", "msd_heart")
