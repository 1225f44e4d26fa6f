"""The tumour slices: what is read, and every fault that a user can cause. Names are made up."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seglib.batches.sampling import foreground_weight
from seglib.datasets import lgg
from seglib.errors import DataError
from seglib.evaluation.lesions import dice_by_empty_rule, lesion_detection

PATIENTS = ("TCGA_YY_A002", "TCGA_XX_0001")
NUMBERS = (2, 1, 10)
SIDE = 16


def folder_of(root: Path, patient: str) -> Path:
    return root / "kaggle_3m" / f"{patient}_19991231"


def image_path(root: Path, patient: str = "TCGA_XX_0001", number: int = 2) -> Path:
    folder = folder_of(root, patient)
    return folder / f"{folder.name}_{number}.tif"


def mask_path(root: Path, patient: str = "TCGA_XX_0001", number: int = 2) -> Path:
    image = image_path(root, patient, number)
    return image.with_name(f"{image.stem}_mask.tif")


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def noise(seed: int, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two patients with the slices 1, 2 and 10; slice 10 holds no tumour."""
    for seed, patient in enumerate(PATIENTS):
        for number in NUMBERS:
            mask = np.zeros((SIDE, SIDE), np.uint8)
            mask[2:5, 3 : 3 + number % 10] = 255
            save(image_path(tmp_path, patient, number), noise(100 * seed + number))
            save(mask_path(tmp_path, patient, number), mask)
    return tmp_path


def load(root: Path):
    return lgg.load(root, size=SIDE)


def test_files_become_a_table_in_order_of_patient_and_number(root):
    slices = load(root)
    assert slices.name == "LGG" and slices.class_names == ("background", "tumour")
    assert slices.images.shape == (6, SIDE, SIDE, 3) and slices.images.dtype == np.uint8
    columns = ["case", "patient", "slice", "institution", "phase", "pathology", "missing"]
    assert slices.table[columns].values.tolist() == [
        [patient, patient, number, institution, "", "", ""]
        for patient, institution in (("P001", "XX"), ("P002", "YY"))
        for number in (1, 2, 10)
    ]
    assert slices.table["spacing"].isna().all()
    assert slices.masks.sum(axis=(1, 2, 3)).tolist() == [3, 6, 0, 3, 6, 0]
    names = {"P001": "TCGA_XX_0001", "P002": "TCGA_YY_A002"}
    for row, image, mask in zip(
        slices.table.itertuples(), slices.images, slices.masks, strict=True
    ):
        path = image_path(root, names[row.patient], row.slice)
        assert row.source == path.name
        np.testing.assert_array_equal(image, np.asarray(Image.open(path)))
        stored = np.asarray(Image.open(mask_path(root, names[row.patient], row.slice)))
        np.testing.assert_array_equal(mask[..., 0] * 255, stored)


def test_only_the_source_tells_who_a_patient_is(root):
    told = load(root).table.drop(columns="source").astype(str)
    assert not told.apply(lambda column: column.str.contains("TCGA|0001|A002")).to_numpy().any()


def test_names_alone_tell_patient_and_slice_of_images_and_masks():
    paths = [Path("TCGA_YY_0002_19991231_10_mask.tif"), Path("TCGA_XX_0001_19991231_2.tif")]
    table, words = lgg.cases_from_names(paths, np.ones(2))
    columns = ["case", "patient", "slice", "phase", "pathology"]
    assert table[columns].values.tolist() == [
        ["TCGA_YY_0002", "TCGA_YY_0002", 10, "", "unknown"],
        ["TCGA_XX_0001", "TCGA_XX_0001", 2, "", "unknown"],
    ]
    assert words == "the LGG files' names (patient and slice)"
    assert lgg.cases_from_names([*paths, Path("2.tif")], np.ones(3)) is None


def test_flair_alone_is_the_middle_channel(root):
    slices = load(root)
    grey = lgg.flair(slices)
    np.testing.assert_array_equal(grey.images, slices.images[..., 1:2])
    np.testing.assert_array_equal(grey.masks, slices.masks)
    assert grey.name == slices.name and grey.table.equals(slices.table)


def test_the_inner_folder_may_be_given_and_other_files_are_not_looked_at(root):
    expected = load(root).images
    (root / "kaggle_3m" / "data.csv").write_text("Patient\n", encoding="utf-8")
    (root / "kaggle_3m" / ".cache").mkdir()
    path = image_path(root)
    (path.parent / f"._{path.name}").write_bytes(b"resource fork")
    (path.parent / "Thumbs.db").write_bytes(b"thumbnails")
    np.testing.assert_array_equal(load(root / "kaggle_3m").images, expected)


@pytest.mark.parametrize(
    ("copied", "missing"),
    [
        ((), ""),
        ((0,), "pre-contrast"),
        ((2,), "post-contrast"),
        ((0, 2), "pre-contrast, post-contrast"),
    ],
)
def test_a_copy_of_flair_is_a_missing_sequence(root, copied, missing):
    for number in NUMBERS:
        image = noise(number)
        for channel in copied:
            image[..., channel] = image[..., lgg.SEQUENCES.index("FLAIR")]
        save(image_path(root, "TCGA_XX_0001", number), image)
    found = load(root).table.groupby("patient")["missing"].unique()
    assert found["P001"].tolist() == [missing]
    assert found["P002"].tolist() == [""]


def test_one_slice_that_looks_alike_is_not_a_missing_sequence(root):
    image = noise(5)
    image[..., 2] = image[..., 1] = 0
    save(image_path(root), image)
    assert load(root).table["missing"].eq("").all()


def test_missing_and_empty_folders(root, tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        load(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no patients found; expected folders such as kaggle_3m/"):
        load(tmp_path / "empty")
    folder_of(root, "TCGA_ZZ_0003").mkdir()
    with pytest.raises(DataError, match="TCGA_ZZ_0003_19991231: no slices found"):
        load(root)


@pytest.mark.parametrize("name", ["patient 3", "TCGA_XX_0003", "TCGA_XX_0003_1999", "__MACOSX"])
def test_misnamed_folder(root, name):
    (root / "kaggle_3m" / name).mkdir()
    with pytest.raises(DataError, match=rf"{name}: cannot read.*TCGA_XX_0001_19991231"):
        load(root)


def test_two_folders_of_one_patient(root):
    folder = folder_of(root, "TCGA_XX_0001")
    folder.with_name("TCGA_XX_0001_20010101").mkdir()
    with pytest.raises(DataError, match="20010101: is a second folder of.*_19991231; keep one"):
        load(root)


@pytest.mark.parametrize(
    "name",
    [
        "slice_3.tif",
        "TCGA_XX_0001_19991231_02.tif",
        "TCGA_XX_0001_19991231_3_mask.tiff",
        "TCGA_XX_0001_19991231.tif",
        "TCGA_YY_A002_19991231_3.tif",
        "_3.tif",
    ],
)
def test_misnamed_file(root, name):
    save(folder_of(root, "TCGA_XX_0001") / name, noise(0))
    with pytest.raises(DataError, match=rf"{name}: cannot read the slice.*TCGA_XX_0001_19991231_7"):
        load(root)


def test_image_without_mask_and_mask_without_image(root):
    mask_path(root).unlink()
    with pytest.raises(DataError, match=r"_2\.tif: has no mask; expected one at \S+_2_mask\.tif"):
        load(root)
    image_path(root).unlink()
    image_path(root, number=10).unlink()
    with pytest.raises(DataError, match=r"_10_mask\.tif: has no image; expected one at \S+_10\.ti"):
        load(root)


@pytest.mark.slow
@pytest.mark.parametrize("compression", [None, "tiff_adobe_deflate", "tiff_lzw"])
@pytest.mark.parametrize("path_of", [image_path, mask_path])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, beside the error
def test_a_file_cut_short_is_named(root, path_of, compression):
    path = path_of(root)
    picture = Image.open(path)
    picture.load()
    picture.save(path, compression=compression)
    intact, before = path.read_bytes(), load(root)
    refused = 0
    lengths = range(0, len(intact), 7)
    for length in lengths:
        path.write_bytes(intact[:length])
        try:
            slices = load(root)
        except DataError as error:
            assert path.name in str(error)
            refused += 1
        else:  # what was lost held no pixels
            np.testing.assert_array_equal(slices.images, before.images)
            np.testing.assert_array_equal(slices.masks, before.masks)
    assert refused > 0.8 * len(lengths)


def test_one_channel(root):
    path = save(image_path(root), noise(0)[..., 0])
    with pytest.raises(DataError, match=rf"{path.name}: has one channel, expected three: pre-con"):
        load(root)


def test_wrong_size(root):
    with pytest.raises(DataError, match=r"_1\.tif: is 16x16 pixels .*expected 256x256"):
        lgg.load(root)
    path = save(mask_path(root), np.zeros((SIDE, SIDE - 1), np.uint8))
    with pytest.raises(DataError, match=rf"{path.name}: the mask is 16x15.*16x16"):
        load(root)


@pytest.mark.parametrize("value", [1, 128, 254])
def test_mask_with_grey_values(root, value):
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[3:9, 3:9] = 255
    mask[3, 3] = value
    path = save(mask_path(root), mask)
    with pytest.raises(DataError, match=rf"{path.name}.*0 and 255.*{value}"):
        load(root)


def test_mask_in_the_place_of_an_image(root):
    save(mask_path(root), noise(0))
    with pytest.raises(DataError, match=r"_2_mask\.tif: a mask must be grey"):
        load(root)


@pytest.fixture(scope="module")
def real(lgg_dir):
    return lgg.load(lgg_dir)


@pytest.mark.slow
def test_real_counts(real):
    assert real.images.shape == (596, 256, 256, 3)
    assert len(real.patients) == 18 and real.table["source"].is_unique
    assert real.table["institution"].nunique() == 5
    for _, rows in real.table.groupby("case"):
        assert rows["slice"].tolist() == list(range(1, len(rows) + 1))


def test_real_patients_have_a_tumour_and_all_their_sequences(real):
    shown = real.masks.any(axis=(1, 2, 3))
    assert (~shown).sum() == 381  # 64 % of the slices
    assert set(real.table.loc[shown, "patient"]) == set(real.patients)
    assert real.table["missing"].eq("").all()


@pytest.mark.slow
def test_real_tumours_are_bright_on_flair(real):
    """The channel order: FLAIR, in the middle, is the one on which the tumour stands out."""
    inside, head = real.masks[..., 0] == 1, real.images.min(axis=-1) > 20
    contrast = [
        real.images[inside, channel].mean() - real.images[head & ~inside, channel].mean()
        for channel in range(3)
    ]
    assert contrast[1] == max(contrast) and contrast[1] > 20


def test_real_empty_slices_praise_a_network_that_finds_nothing(real):
    nothing = np.zeros_like(real.masks)
    dice = dice_by_empty_rule(real, nothing).mean()
    assert dice["pooled"] == dice["empty_left_out"] == 0
    assert dice["empty_is_one"] == pytest.approx(0.649, abs=0.001)


@pytest.mark.slow
def test_real_lesions(real):
    found = lesion_detection(real, real.masks)
    assert found["lesions"].value_counts().to_dict() == {1: 15, 2: 3}
    assert found["missed"].sum() == found["false_alarms"].sum() == 0


def test_real_tumours_are_rare(real):
    assert foreground_weight(real) == pytest.approx(92.6, abs=0.1)
