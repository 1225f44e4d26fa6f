"""The Decathlon loader on small files: what it reads, and every fault it must name."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nibabel import orientations

from seglib.datasets import msd_heart
from seglib.errors import DataError

AFFINE = np.array([[1.25, 0, 0, 40], [0, 1.25, 0, 40], [0, 0, 1.37, 0], [0, 0, 0, 1]])
SUBJECTS = ("la_003", "la_005", "la_026")


def save(path: Path, values: np.ndarray, affine: np.ndarray = AFFINE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def save_as(path: Path, codes: str) -> None:
    """Store a volume anew with its axes in another order and direction."""
    image = nibabel.load(path)
    stored = orientations.io_orientation(image.affine)
    turn = orientations.ornt_transform(stored, orientations.axcodes2ornt(codes))
    content = image.as_reoriented(turn).to_bytes()
    path.write_bytes(content)
    nibabel.save(nibabel.Nifti1Image.from_bytes(content), path)


def write_list(folder: Path, subjects, **changes) -> None:
    content = {
        "name": "LeftAtrium",
        "labels": {"0": "background", "1": "left atrium"},
        "training": [
            {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"}
            for name in subjects
        ],
    }
    (folder / "dataset.json").write_text(json.dumps(content | changes), encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three small subjects of 5, 6 and 6 slices, in the official layout."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "Task02_Heart"
    for name, depth in zip(SUBJECTS, (5, 6, 6), strict=True):
        label = np.zeros((16, 12, depth), np.uint8)
        label[4:9, 3:6, 1:4] = 1
        values = rng.integers(0, 256, label.shape, np.uint8)
        save(folder / "imagesTr" / f"{name}.nii.gz", values)
        save(folder / "labelsTr" / f"{name}.nii.gz", label)
    write_list(folder, SUBJECTS)
    return tmp_path


@pytest.fixture
def image(root: Path) -> Path:
    return root / "Task02_Heart" / "imagesTr" / "la_005.nii.gz"


@pytest.fixture
def label(root: Path) -> Path:
    return root / "Task02_Heart" / "labelsTr" / "la_005.nii.gz"


def test_slices_and_table(root, image, label):
    slices = msd_heart.load(root)
    assert slices.name == "Decathlon heart"
    assert slices.class_names == ("background", "left atrium")
    assert slices.images.shape == (17, 12, 16, 1) and slices.images.dtype == np.uint8
    rows = slices.table[slices.table["patient"] == "la_005"]
    assert rows["slice"].tolist() == list(range(6))
    first = rows.iloc[0]
    assert (first["case"], first["phase"], first["pathology"]) == ("la_005", "", "")
    assert (first["spacing"], first["slice_spacing"]) == (1.25, 1.37)
    assert first["source"] == "la_005.nii.gz"
    # Rows run from front to back and columns from right to left: both flipped.
    values, mask = (np.asarray(nibabel.load(path).dataobj) for path in (image, label))
    stored = np.moveaxis(values[::-1, ::-1], 2, 0).swapaxes(1, 2)
    np.testing.assert_array_equal(slices.images[rows.index, ..., 0], stored)
    assert slices.masks[rows.index].sum(axis=(1, 2, 3)).tolist() == [0, 15, 15, 15, 0, 0]
    assert slices.masks[rows.index[1], ..., 0].T[::-1, ::-1].tolist() == mask[..., 1].tolist()


def test_subjects_of_one_scan_share_a_group(root):
    table = msd_heart.load(root).table.drop_duplicates("patient").set_index("patient")
    assert table["group"].to_dict() == {"la_003": "la_003", "la_005": "la_005", "la_026": "la_005"}


def test_either_folder_can_be_named(root):
    a, b = msd_heart.load(root), msd_heart.load(root / "Task02_Heart")
    np.testing.assert_array_equal(a.images, b.images)


def test_found_through_the_environment(root, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    root.joinpath("Task02_Heart").rename(tmp_path / "data" / "msd_heart")
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path / "data"))
    assert msd_heart.load().patients == SUBJECTS


def test_hidden_files_of_macos_do_not_count(root, image):
    image.with_name("._la_005.nii.gz").write_bytes(b"Mac OS X")
    assert msd_heart.load(root).patients == SUBJECTS


@pytest.mark.parametrize("codes", ["LPS", "ASR", "IRP"])
def test_a_file_stored_another_way_gives_the_same_slices(root, image, label, codes):
    expected = msd_heart.load(root)
    save_as(image, codes)
    assert "".join(nibabel.aff2axcodes(nibabel.load(image).affine)) == codes
    if codes != "ASR":  # once, the image alone is stored another way
        save_as(label, codes)
    found = msd_heart.load(root)
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.masks, expected.masks)
    assert found.table.equals(expected.table)


def test_intensities_of_other_types_are_kept_as_float(root, image):
    values = np.full((16, 12, 6), -7, np.int16)
    values[0, 0, 0] = 2900
    save(image, values)
    slices = msd_heart.load(root)
    assert slices.images.dtype == np.float32
    assert (slices.images.min(), slices.images.max()) == (-7, 2900)


def test_a_slightly_tilted_volume_is_accepted_and_an_oblique_one_not(root, image, label):
    def turn(degrees):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        affine = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) @ AFFINE
        for path in (image, label):
            save(path, np.asarray(nibabel.load(path).dataobj), affine)

    expected = msd_heart.load(root)
    turn(4)
    np.testing.assert_array_equal(msd_heart.load(root).images, expected.images)
    turn(25)
    with pytest.raises(DataError, match=r"imagesTr.la_005\.nii\.gz: lies 25 degrees oblique"):
        msd_heart.load(root)


def test_pixels_that_are_not_square(root, image, label):
    for path in (image, label):
        save(path, np.asarray(nibabel.load(path).dataobj), np.diag([1.25, 1.3, 1.37, 1]))
    with pytest.raises(DataError, match=r"la_005\.nii\.gz: the pixels .* 1\.3 x 1\.25 mm"):
        msd_heart.load(root)


def test_no_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such folder"):
        msd_heart.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["imagesTr", "labelsTr"])
def test_a_file_cut_short(root, name):
    path = root / "Task02_Heart" / name / "la_005.nii.gz"
    content = path.read_bytes()
    for length in (0, 40, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=rf"{name}.la_005\.nii\.gz: .*NIfTI"):
            msd_heart.load(root)


@pytest.mark.parametrize(("name", "what"), [("imagesTr", "image"), ("labelsTr", "label")])
def test_a_missing_file(root, name, what):
    (root / "Task02_Heart" / name / "la_005.nii.gz").unlink()
    with pytest.raises(DataError, match=rf"{name}.la_005\.nii\.gz: the {what} of la_005 is miss"):
        msd_heart.load(root)


def test_a_file_that_is_not_listed(root):
    write_list(root / "Task02_Heart", SUBJECTS[:2])
    with pytest.raises(DataError, match=r"imagesTr.la_026\.nii\.gz: is not listed"):
        msd_heart.load(root)


def test_label_of_another_shape(root, label):
    save(label, np.zeros((16, 12, 5), np.uint8))
    with pytest.raises(DataError, match=r"labelsTr.la_005.*\(5, 12, 16\) and \(6, 12, 16\)"):
        msd_heart.load(root)


def test_label_of_another_affine(root, label):
    save(label, np.asarray(nibabel.load(label).dataobj), np.diag([1.25, 1.25, 1.4, 1]))
    with pytest.raises(DataError, match=r"labelsTr.la_005\.nii\.gz: is not on the grid"):
        msd_heart.load(root)


def test_label_with_an_unknown_value(root, label):
    mask = np.zeros((16, 12, 6), np.uint8)
    mask[3, 3, 3] = 2
    save(label, mask)
    with pytest.raises(DataError, match=r"labelsTr.la_005\.nii\.gz: .* 0 to 1; found also 2"):
        msd_heart.load(root)


@pytest.mark.parametrize(("name", "what"), [("imagesTr", "volume"), ("labelsTr", "mask")])
def test_four_axes(root, name, what):
    path = save(root / "Task02_Heart" / name / "la_005.nii.gz", np.zeros((16, 12, 6, 2), np.uint8))
    with pytest.raises(DataError, match=rf"{path.name}: expected a 3-D {what}, .*12, 6, 2"):
        msd_heart.load(root)


def test_values_that_are_not_finite(root, image):
    values = np.zeros((16, 12, 6), np.float32)
    values[3, 3, 3] = np.nan
    save(image, values)
    with pytest.raises(DataError, match=r"la_005\.nii\.gz: holds values that are not finite"):
        msd_heart.load(root)


def test_subjects_of_two_sizes(root, image, label):
    for path in (image, label):
        save(path, np.zeros((20, 12, 6), np.uint8))
    with pytest.raises(DataError, match=r"la_005\.nii\.gz: .*12x20 pixels, those of la_003 12x16"):
        msd_heart.load(root)


LISTS = {
    "no json": ("{", "not a readable JSON file"),
    "no object": ("[]", "expected the labels .* found None"),
    "another task": ('{"labels": {"0": "background", "1": "spleen"}}', "found .*spleen.* another"),
    "no subjects": ({"training": []}, "lists no subjects"),
    "subjects by number": ({"training": 12}, "lists no subjects"),
    "no label": ({"training": [{"image": "./imagesTr/la_003.nii.gz"}]}, "'image' and 'label'"),
    "a name alone": ({"training": ["./imagesTr/la_003.nii.gz"]}, "'image' and 'label'"),
    "two names": (
        {"training": [{"image": "imagesTr/la_003.nii.gz", "label": "labelsTr/la_005.nii.gz"}]},
        "la_005.* is wrong; expected one entry",
    ),
    "twice": (
        {"training": 2 * [{"image": "imagesTr/la_003.nii.gz", "label": "labelsTr/la_003.nii.gz"}]},
        "is wrong; expected one entry",
    ),
    "no volume": ({"training": [{"image": "a.png", "label": "a.png"}]}, "is wrong; expected one"),
}


@pytest.mark.parametrize("fault", LISTS)
def test_faults_of_the_list(root, fault):
    content, message = LISTS[fault]
    folder = root / "Task02_Heart"
    if isinstance(content, str):
        (folder / "dataset.json").write_text(content, encoding="utf-8")
    else:
        write_list(folder, SUBJECTS, **content)
    with pytest.raises(DataError, match=rf"dataset\.json: .*{message}"):
        msd_heart.load(root)


def test_no_list(root):
    (root / "Task02_Heart" / "dataset.json").unlink()
    with pytest.raises(DataError, match=r"dataset\.json: no such file; expected .*Task02_Heart"):
        msd_heart.load(root)


def test_importing_the_loader_does_not_load_nibabel():
    code = "import sys, seglib.datasets.msd_heart; sys.exit('nibabel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture
def more(root: Path) -> Path:
    """Another folder, which holds the last of the three subjects instead of the first one."""
    folder = root.parent / f"{root.name}-more"
    (root / "Task02_Heart").rename(folder)
    shutil.copytree(folder, root / "Task02_Heart")
    for place, gone in ((folder, SUBJECTS[:2]), (root / "Task02_Heart", SUBJECTS[2:])):
        for name in gone:
            (place / "imagesTr" / f"{name}.nii.gz").unlink()
            (place / "labelsTr" / f"{name}.nii.gz").unlink()
        write_list(place, [name for name in SUBJECTS if name not in gone])
    return folder


def test_several_folders_are_one_set(root, more):
    one, other, both = (msd_heart.load(folder) for folder in (root, more, [more, root]))
    assert both.patients == SUBJECTS
    np.testing.assert_array_equal(both.images, np.concatenate([one.images, other.images]))
    np.testing.assert_array_equal(both.masks, np.concatenate([one.masks, other.masks]))
    assert both.table["group"].nunique() == 2  # la_026 is la_005 in the other folder


def test_folders_that_share_a_subject_or_mix_with_a_phantom_are_refused(root, more):
    with pytest.raises(DataError, match="la_003 is listed by another folder too"):
        msd_heart.load([root, root])
    (more / "PHANTOM.txt").touch()
    with pytest.raises(DataError, match="of the real set, or of a phantom, not both"):
        msd_heart.load([root, more])
    with pytest.raises(DataError, match="no folder: expected"):
        msd_heart.load([])
