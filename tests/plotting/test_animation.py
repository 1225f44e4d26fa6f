"""Films of a case: every slice in order, files that other programs read back."""

import json

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from seglib.errors import DataError
from seglib.plotting import animation
from seglib.plotting.animation import (
    HOLD,
    render_beat,
    render_slices,
    render_training,
    write_gif,
    write_mp4,
)
from seglib.plotting.style import PREDICTION, TRUTH
from seglib.reporting import save_animation


@pytest.fixture(scope="module")
def case(phantom_set):
    return phantom_set.take((phantom_set.table["case"] == "phantom-01 ED").to_numpy())


@pytest.fixture(scope="module")
def frames(case):
    return render_slices(case, case.masks, profile="smoke", dpi=60)


def test_a_film_shows_each_slice_once(case, frames):
    assert frames.shape[0] == len(case) == 3
    assert frames.dtype == np.uint8
    assert frames.shape[1] % 2 == frames.shape[2] % 2 == 0
    assert not np.array_equal(frames[0], frames[1])
    assert len(render_slices(case, profile="smoke", step=2, dpi=60)) == 2


def test_slices_are_shown_in_the_order_of_the_heart(case, frames):
    turned = case.take([2, 0, 1])
    np.testing.assert_array_equal(
        render_slices(turned, turned.masks, profile="smoke", dpi=60), frames
    )


def test_a_prediction_is_outlined_in_its_own_colour(case, frames):
    alone = render_slices(case, profile="smoke", dpi=60)
    orange = np.array([230, 159, 0])

    def has_orange(stack):
        return (np.abs(stack.astype(int) - orange).sum(axis=-1) < 60).any()

    assert has_orange(frames)
    assert not has_orange(alone)


def test_two_cases_are_refused(phantom_set):
    with pytest.raises(DataError, match="one case, found 12"):
        render_slices(phantom_set, profile="smoke")


def test_a_gif_holds_the_frames_and_repeats(frames, tmp_path):
    write_gif(frames, tmp_path / "film.gif", fps=4)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 3
        assert film.info["duration"] == 250 and film.info["loop"] == 0
        first = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(first - frames[0]).mean() < 8


def test_a_gif_keeps_the_colours_of_thin_outlines(frames, tmp_path):
    write_gif(frames, tmp_path / "film.gif")
    with Image.open(tmp_path / "film.gif") as film:
        first = np.asarray(film.convert("RGB")).astype(int)
    for colour in (TRUTH, PREDICTION):
        wanted = 255 * np.array(to_rgb(colour))
        assert np.abs(first - wanted).sum(axis=-1).min() < 20, colour


@pytest.fixture(scope="module")
def two_hearts(phantom_set):
    return phantom_set.of_patients(["phantom-01", "phantom-02"])


@pytest.mark.slow
def test_a_beat_is_a_frame_for_each_phase_and_a_row_for_each_patient(two_hearts):
    shown = {"phantom-02": "second", "phantom-01": "first"}
    both = render_beat(two_hearts, two_hearts.masks, shown, profile="smoke", dpi=50)
    assert both.shape[0] == 2 and not np.array_equal(both[0], both[1])
    # The same film with two phases that are alike stands still but for its title.
    table = two_hearts.table
    ed = table.index[table["phase"] == "ED"]
    partner = table.assign(row=table.index).loc[ed].set_index(["patient", "slice"])["row"]
    twin = partner.loc[list(zip(table["patient"], table["slice"], strict=True))].to_numpy()
    still = type(two_hearts)(
        two_hearts.name, two_hearts.images[twin], two_hearts.masks[twin], table
    )
    frames = render_beat(still, still.masks, shown, profile="smoke", dpi=50)
    below = frames.shape[1] // 8
    np.testing.assert_array_equal(frames[0, below:], frames[1, below:])
    np.testing.assert_array_equal(frames[0, below:], both[0, below:])
    one = render_beat(
        two_hearts, two_hearts.masks, {"phantom-02": "second"}, profile="smoke", dpi=50
    )
    assert one.shape[1] < both.shape[1] and one.shape[2] == both.shape[2]


@pytest.mark.slow
def test_a_beat_passes_over_slices_of_one_phase_and_refuses_a_heart_without_a_pair(two_hearts):
    table = two_hearts.table
    first = table["patient"].eq("phantom-01").to_numpy()
    apex = first & table["slice"].eq(table.loc[first, "slice"].max()) & table["phase"].eq("ES")
    less = two_hearts.take(np.flatnonzero(~apex))
    shown = {"phantom-01": "first"}
    fewer = render_beat(less, less.masks, shown, profile="smoke", dpi=50)
    all_of_them = render_beat(two_hearts, two_hearts.masks, shown, profile="smoke", dpi=50)
    painted = [(stack < 128).sum() for stack in (fewer, all_of_them)]
    assert painted[0] < painted[1]  # a column less holds a picture
    alone = two_hearts.take(table["phase"].eq("ED").to_numpy())
    with pytest.raises(DataError, match="phantom-01: no slice position has both phases, ED and ES"):
        render_beat(alone, alone.masks, shown, profile="smoke")


def test_an_mp4_is_read_back_with_its_frames(frames, tmp_path):
    path = tmp_path / "film.mp4"
    write_mp4(frames, path, fps=4)
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    assert meta["codec"] == "h264" and meta["size"] == (frames.shape[2], frames.shape[1])
    read = [np.frombuffer(frame, np.uint8).reshape(frames.shape[1:]) for frame in reader]
    assert len(read) == 3
    assert np.abs(read[2].astype(int) - frames[2]).mean() < 10


def test_a_saved_film_comes_in_two_formats_with_its_provenance(frames, reports):
    path = save_animation(frames, "film", dataset="phantom", profile="smoke", runs=["a-run"])
    with Image.open(path) as film:
        assert film.n_frames == 3
    assert imageio_ffmpeg.count_frames_and_secs(path.with_suffix(".mp4"))[0] == 3
    note = json.loads(path.with_suffix(".json").read_text())
    assert (note["dataset"], note["runs"]) == ("phantom", ["a-run"])
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "film.gif",
        "film.json",
        "film.mp4",
    ]


def test_a_beat_is_saved_as_a_gif_alone(frames, tmp_path):
    path = save_animation(
        frames, "beat", dataset="phantom", profile="smoke", folder=tmp_path, fps=2, mp4=False
    )
    with Image.open(path) as film:
        assert film.info["duration"] == 500
    assert sorted(file.name for file in path.parent.iterdir()) == ["beat.gif", "beat.json"]


def learnt(case):
    """Masks after three epochs: nothing, too low, right."""
    return {2: np.roll(case.masks, 3, axis=1), 1: np.zeros_like(case.masks), 4: case.masks}


def test_a_learning_network_has_a_frame_for_each_epoch_in_order_and_rests_at_the_end(case):
    film = render_training(case, learnt(case), profile="smoke", dpi=60)
    assert len(film) == 2 + HOLD
    assert film.shape[1] % 2 == film.shape[2] % 2 == 0
    assert not np.array_equal(film[0], film[1])
    for frame in film[3:]:
        np.testing.assert_array_equal(frame, film[2])
    alone = render_training(case, {1: np.zeros_like(case.masks)}, profile="smoke", dpi=60)
    assert alone.shape[1:] == film.shape[1:]


def test_each_frame_says_its_epoch_and_the_dice_of_each_slice(case, monkeypatch):
    said = []

    def read(fig, dpi):
        said.append([fig.get_suptitle(), *(axes.get_title() for axes in fig.axes)])
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(animation, "_pixels", read)
    render_training(case, learnt(case), profile="smoke")
    assert said[0] == ["after epoch 1 of 4", *["Dice 0.00"] * 3]
    assert said[1][0] == "after epoch 2 of 4"
    assert said[2] == ["after epoch 4 of 4", *["Dice 1.00"] * 3]


def test_a_training_that_nobody_watched_has_no_film(case):
    with pytest.raises(DataError, match="no prediction was kept while training"):
        render_training(case, {}, profile="smoke")
