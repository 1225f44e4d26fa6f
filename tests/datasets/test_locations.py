"""Where a data set is looked for, in which order, and how a phantom's folder is known."""

import pytest

from seglib.datasets import locations
from seglib.errors import DataError


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The two folders that sets may lie in, both there and empty: the user's, the repository's."""
    own, default = tmp_path / "own", tmp_path / "repository" / "data" / "raw"
    for folder in (own, default):
        folder.mkdir(parents=True)
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(own))
    monkeypatch.setattr(locations, "REPOSITORY", tmp_path / "repository")
    return own, default


def test_the_user_s_folder_is_tried_before_the_repository_s(places):
    own, default = places
    assert locations.candidate_folders("hearts") == [own / "hearts", default / "hearts"]
    assert locations.find_folder("hearts") is None
    (default / "hearts").mkdir()
    assert locations.find_folder("hearts") == default / "hearts"
    (own / "hearts").mkdir()
    assert locations.find_folder("hearts") == own / "hearts"
    assert locations.find_folder("brains") is None


@pytest.mark.parametrize("value", [None, ""])
def test_without_the_variable_there_is_the_repository_s_alone(places, monkeypatch, value):
    monkeypatch.delenv("SEGLIB_DATA_DIR")
    if value is not None:
        monkeypatch.setenv("SEGLIB_DATA_DIR", value)
    assert locations.candidate_folders("hearts") == [places[1] / "hearts"]


def test_a_variable_with_a_typing_error_is_not_passed_over(places, monkeypatch):
    (places[1] / "hearts").mkdir()
    file = places[0] / "file"
    file.touch()
    for wrong in (places[0] / "nowhere", file):
        monkeypatch.setenv("SEGLIB_DATA_DIR", str(wrong))
        with pytest.raises(DataError, match=f"SEGLIB_DATA_DIR is set to {wrong}.*not a folder"):
            locations.find_folder("hearts")


def test_a_folder_that_is_given_is_taken_and_none_is_looked_for(places, tmp_path):
    (places[0] / "hearts").mkdir()
    given = tmp_path / "given"
    with pytest.raises(DataError, match=f"{given}: no such folder"):
        locations.require_folder("hearts", given)
    given.mkdir()
    assert locations.require_folder("hearts", str(given)) == given
    assert locations.require_folder("hearts", None) == places[0] / "hearts"


def test_where_nothing_is_found_the_message_names_both_places_and_the_remedy(places):
    with pytest.raises(DataError) as caught:
        locations.require_folder("hearts", None)
    message = str(caught.value)
    for part in (*(str(place / "hearts") for place in places), "SEGLIB_DATA_DIR", "data/README.md"):
        assert part in message


def test_a_phantom_is_known_by_a_file_of_its_mark(tmp_path):
    assert not locations.is_phantom(tmp_path)
    (tmp_path / "PHANTOM.txt").mkdir()
    assert not locations.is_phantom(tmp_path)
    (tmp_path / "PHANTOM.txt").rmdir()
    (tmp_path / "PHANTOM.txt").touch()
    assert locations.is_phantom(tmp_path)
