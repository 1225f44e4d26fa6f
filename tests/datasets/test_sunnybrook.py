import hashlib
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from seglib import datasets
from seglib.datasets import download, sunnybrook
from seglib.errors import DataError

IMAGES = "Data/Train/Images/Sunnybrook_Part1"
LABELS = "Data/Train/Labels/Sunnybrook_Part1"


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One patient, two slices in two frames; the later frame has the larger masks."""
    rng = np.random.default_rng(0)
    for number, side in ((6, 4), (26, 3), (20, 8), (40, 7)):
        name = f"SC-HYP-07-IM-0001-{number:04d}.dcm.png"
        grey = rng.integers(0, 256, (32, 32), np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        mask[5 : 5 + side, 5 : 5 + side] = 255
        save(tmp_path / IMAGES / name, np.repeat(grey[..., None], 3, axis=-1))
        save(tmp_path / LABELS / name, np.repeat(mask[..., None], 3, axis=-1))
    return tmp_path


def first(root: Path, folder: str) -> Path:
    return min((root / folder).glob("*.png"))


def test_table_tells_patient_slice_frame_and_phase(root):
    slices = sunnybrook.load(root)
    assert slices.images.shape == (4, 32, 32, 1)
    assert slices.images.dtype == np.uint8
    columns = ["case", "slice", "frame", "phase", "pathology", "part"]
    assert slices.table[columns].values.tolist() == [
        ["SC-HYP-07 ED", 0, 19, "ED", "HYP", "train"],
        ["SC-HYP-07 ED", 1, 19, "ED", "HYP", "train"],
        ["SC-HYP-07 ES", 0, 5, "ES", "HYP", "train"],
        ["SC-HYP-07 ES", 1, 5, "ES", "HYP", "train"],
    ]
    assert slices.masks.sum(axis=(1, 2, 3)).tolist() == [64, 49, 16, 9]
    for row, image in zip(slices.table.itertuples(), slices.images, strict=True):
        stored = np.asarray(Image.open(root / IMAGES / row.source))
        np.testing.assert_array_equal(image[..., 0], stored[..., 1])


def test_names_alone_tell_cases_wherever_the_files_lie(root):
    paths = [Path(path.name) for path in sorted((root / LABELS).glob("*.png"))]
    table, words = sunnybrook.cases_from_names(paths, np.array([16, 64, 9, 49]))
    columns = ["case", "patient", "slice", "phase", "pathology"]
    assert table[columns].values.tolist() == [
        ["SC-HYP-07 ES", "SC-HYP-07", 0, "ES", "HYP"],
        ["SC-HYP-07 ED", "SC-HYP-07", 0, "ED", "HYP"],
        ["SC-HYP-07 ES", "SC-HYP-07", 1, "ES", "HYP"],
        ["SC-HYP-07 ED", "SC-HYP-07", 1, "ED", "HYP"],
    ]
    assert "Sunnybrook's file names" in words
    assert sunnybrook.cases_from_names([*paths, Path("a.png")], np.ones(5)) is None


def test_image_without_mask(root):
    first(root, LABELS).unlink()
    with pytest.raises(DataError, match=r"SC-HYP-07-IM-0001-0006.*has no mask; expected.*Labels"):
        sunnybrook.load(root)


def test_mask_without_image(root):
    first(root, IMAGES).unlink()
    with pytest.raises(DataError, match=r"SC-HYP-07-IM-0001-0006.*has no image; expected.*Images"):
        sunnybrook.load(root)


@pytest.mark.slow
def test_every_damage_to_a_png_is_named(root):
    path = first(root, IMAGES)
    intact = path.read_bytes()
    cuts = [intact[:length] for length in range(0, len(intact) - 16, 97)]
    rng = random.Random(0)
    for _ in range(40):
        damaged = bytearray(intact)
        damaged[rng.randrange(len(intact) - 12)] ^= 1 << rng.randrange(8)
        cuts.append(bytes(damaged))
    for content in cuts:
        path.write_bytes(content)
        with pytest.raises(DataError, match=path.name):
            sunnybrook.load(root)


def test_mask_of_another_size(root):
    path = save(first(root, LABELS), np.zeros((32, 30), np.uint8))
    with pytest.raises(DataError, match=rf"{path.name}.*32x30.*32x32"):
        sunnybrook.load(root)


def test_images_of_different_sizes(root):
    for folder in (IMAGES, LABELS):
        path = save(max((root / folder).glob("*.png")), np.zeros((16, 16), np.uint8))
    with pytest.raises(DataError, match=rf"{path.name}.*16x16.*32x32"):
        sunnybrook.load(root)


@pytest.mark.parametrize("value", [1, 128, 254])
def test_mask_with_grey_values(root, value):
    mask = np.zeros((32, 32), np.uint8)
    mask[3:9, 3:9] = 255
    mask[3, 3] = value
    path = save(first(root, LABELS), mask)
    with pytest.raises(DataError, match=rf"{path.name}.*0 and 255.*{value}"):
        sunnybrook.load(root)


def test_coloured_image(root):
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[4, 4] = (1, 2, 3)
    path = save(first(root, IMAGES), pixels)
    with pytest.raises(DataError, match=rf"{path.name}.*grey"):
        sunnybrook.load(root)


def test_misnamed_file(root):
    for folder in (IMAGES, LABELS):
        first(root, folder).rename(root / folder / "heart.png")
    with pytest.raises(DataError, match=r"heart\.png.*SC-HF-I-01-IM-0001-0048"):
        sunnybrook.load(root)


def test_third_frame_of_a_patient(root):
    for folder in (IMAGES, LABELS):
        first(root, folder).rename(root / folder / "SC-HYP-07-IM-0001-0009.dcm.png")
    with pytest.raises(DataError, match=r"SC-HYP-07.*\[5, 8, 19\]"):
        sunnybrook.load(root)


def test_missing_and_empty_folder(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        sunnybrook.load(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no images found; expected"):
        sunnybrook.load(tmp_path)


def test_a_broken_folder_never_becomes_the_phantom(monkeypatch, root):
    folder = root / "data" / "sunnybrook"
    folder.mkdir(parents=True)
    (root / "Data").rename(folder / "Data")
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(root / "data"))
    assert datasets.load("auto").name == "Sunnybrook"
    first(folder, LABELS).write_bytes(b"not a picture")
    with pytest.raises(DataError, match="not a readable picture"):
        datasets.load("auto")


def test_unknown_name():
    with pytest.raises(DataError, match="choose from auto, sunnybrook, phantom"):
        datasets.load("sunny")


def test_real_counts(sunnybrook):
    assert sunnybrook.images.shape == (792, 256, 256, 1)
    assert len(sunnybrook.patients) == 44
    assert sunnybrook.table["case"].nunique() == 88
    parts = sunnybrook.table.groupby("part")["patient"].nunique()
    assert parts.to_dict() == {"train": 15, "validation": 14, "test": 15}
    assert sunnybrook.masks.max() == 1
    assert sunnybrook.masks.sum(axis=(1, 2, 3)).min() >= 10
    assert sunnybrook.table["source"].is_unique
    assert sunnybrook.table["case"].ne(sunnybrook.table["case"].shift()).sum() == 88


def test_real_end_diastole_is_larger_in_every_patient(sunnybrook):
    areas = sunnybrook.table.assign(area=sunnybrook.masks.sum(axis=(1, 2, 3)))
    volumes = areas.pivot_table("area", "patient", "phase", aggfunc="sum")
    assert (volumes["ED"] > volumes["ES"]).all()


@pytest.mark.slow
def test_wrong_patient_is_left_out_unless_asked_for(sunnybrook_dir, sunnybrook):
    assert "SC-N-06" not in sunnybrook.patients
    everything = datasets.sunnybrook.load(sunnybrook_dir, exclude_wrong=False)
    assert len(everything) == 805
    assert (everything.table["patient"] == "SC-N-06").sum() == 13
    assert set(everything.patients) - set(sunnybrook.patients) == set(
        datasets.sunnybrook.WRONG_LABELS
    )


def test_pathology_agrees_with_the_patient_table(sunnybrook_dir, sunnybrook):
    words = {
        "Heart failure with infarct": "HF-I",
        "Heart failure without infarct": "HF-NI",
        "Hypertrophy": "HYP",
        "Normal": "N",
    }
    stated = pd.read_csv(sunnybrook_dir / "scd_patientdata.csv").set_index("OriginalID")
    for patient, pathology in set(
        zip(sunnybrook.table["patient"], sunnybrook.table["pathology"], strict=True)
    ):
        group, number = patient.rsplit("-", 1)
        assert words[stated.loc[f"{group}-{int(number)}", "Pathology"]] == pathology


def test_checksums_match_the_real_files(sunnybrook_dir):
    registry = download.read_checksums()
    assert len(registry) == 1611
    for name, checksum in registry.items():
        content = (sunnybrook_dir / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == checksum, name
