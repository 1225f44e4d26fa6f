"""Own images with annotations: each kind becomes the same pair, and each fault is listed."""

import json

import nibabel
import numpy as np
import pytest
from PIL import Image

from seglib.datasets import folder
from seglib.datasets.annotated import MARK, import_masks
from seglib.errors import DataError
from seglib.formats.annotations.labelme import labelme_text

SHAPE = (6, 8)
SQUARE = np.array([(1, 1), (5, 1), (5, 4), (1, 4)], float)
EXPECTED = np.zeros(SHAPE, np.uint8)
EXPECTED[1:4, 1:5] = 1
HEART = {"heart": 1}


@pytest.fixture
def own(tmp_path):
    """An empty folder of annotations beside four images of two patients."""
    (tmp_path / "drawn").mkdir()
    for number, name in enumerate(["anna/01", "anna/02", "ben/01", "ben/03"]):
        path = tmp_path / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full(SHAPE, 50 * number, np.uint8)).save(path)
    return tmp_path


def run(own, classes=HEART):
    table = import_masks(own / "images", own / "drawn", own / "ready", classes)
    return table.set_index("image")


def labelme(path, shape=SHAPE, label="heart"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(labelme_text("image.png", shape, [(label, SQUARE)]))


def coco(path, *names):
    images = [{"id": i, "file_name": name, "height": 6, "width": 8} for i, name in enumerate(names)]
    flat = SQUARE.ravel().tolist()
    objects = [{"image_id": i, "category_id": 1, "segmentation": [flat]} for i in range(len(names))]
    content = {"images": images, "annotations": objects}
    path.write_text(json.dumps(content | {"categories": [{"id": 1, "name": "heart"}]}))


def picture(path, mask):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.uint8(mask) * 255).save(path)


def volume(path, slices):
    """What ITK-SNAP saves of a picture: columns to the left, rows to the back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(np.uint8(slices).transpose(2, 1, 0), np.diag([-1.0, -1, 1, 1]))
    image.set_sform(image.affine, code=1)
    nibabel.save(image, path)


def test_every_kind_of_annotation_becomes_the_same_pair(own):
    labelme(own / "drawn/anna/01.json")
    volume(own / "drawn/anna/02.nii.gz", EXPECTED[None])
    picture(own / "drawn/ben/01.png", EXPECTED)
    coco(own / "drawn/all.json", "ben/03.png")
    table = run(own)
    assert table["kind"].to_dict() == {
        "anna/01": "LabelMe",
        "anna/02": "NIfTI",
        "ben/01": "picture",
        "ben/03": "COCO",
    }
    assert (table["fault"] == "").all() and (table["pixels"] == 12).all()
    slices = folder.load(
        own / "ready/images",
        own / "ready/masks",
        patient_pattern=r"^(?P<patient>[^/]+)/(?P<slice>\d+)",
    )
    assert slices.patients == ("anna", "ben")
    assert slices.images[:, 0, 0, 0].tolist() == [0, 50, 100, 150]
    for mask in slices.masks:
        np.testing.assert_array_equal(mask[..., 0], EXPECTED)


def test_originals_stay_as_they_were_byte_for_byte(own):
    labelme(own / "drawn/anna/01.json")
    before = {path: path.read_bytes() for path in own.rglob("*.*")}
    run(own)
    assert all(path.read_bytes() == content for path, content in before.items())
    assert (own / "ready/images/anna/01.png").read_bytes() == before[own / "images/anna/01.png"]


def test_a_name_without_its_folder_is_enough_where_one_image_has_it(own):
    coco(own / "drawn/all.json", "03.png", "02.png")
    table = run(own)
    assert table.loc[["anna/02", "ben/03"], "fault"].tolist() == ["", ""]
    coco(own / "drawn/all.json", "01.png")  # anna's or ben's?
    assert run(own).loc["", "fault"].endswith("add it, or correct the name")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda drawn: labelme(drawn / "anna/01.json", (8, 6)), "drawn on an image of 8x6"),
        (lambda drawn: labelme(drawn / "anna/01.json", label="liver"), "label 'liver'"),
        (lambda drawn: picture(drawn / "anna/01.png", np.ones((3, 3))), "drawn on an image of 3x3"),
        (lambda drawn: volume(drawn / "anna/01.nii", [EXPECTED] * 2), "has 2 slices"),
        (lambda drawn: labelme(drawn / "ben/09.json"), "ben/09 is no image in"),
    ],
)
def test_a_fault_is_listed_and_stops_nothing_else(own, make, message):
    make(own / "drawn")
    labelme(own / "drawn/anna/02.json")
    table = run(own)
    faults = table["fault"]
    assert faults["anna/02"] == ""
    assert faults[table["kind"] != ""].str.contains(message, regex=False).sum() == 1
    assert [path.name for path in (own / "ready/masks").rglob("*.png")] == ["02.png"]
    assert [path.name for path in (own / "ready/images").rglob("*.png")] == ["02.png"]


def test_an_image_that_nobody_or_two_have_drawn_has_no_pair(own):
    labelme(own / "drawn/anna/01.json")
    picture(own / "drawn/anna/01.tif", EXPECTED)
    table = run(own)
    assert "has 2 annotations, 01.json and 01.tif; keep one" in table.at["anna/01", "fault"]
    assert "has no annotation; draw one" in table.at["ben/01", "fault"]
    assert table["pixels"].sum() == 0


def test_a_coco_file_that_cannot_be_read_is_listed_by_itself(own):
    (own / "drawn/all.json").write_text('{"images": [], "annotations": 3, "categories": []}')
    fault = run(own).loc["", "fault"]
    assert "all.json: has no list 'annotations'" in fault


def test_labelme_files_may_lie_beside_their_images(own):
    labelme(own / "images/anna/01.json")
    table = import_masks(own / "images", own / "images", own / "ready", HEART)
    assert table["fault"].eq("").tolist() == [True, False, False, False]


def test_a_mended_fault_gets_its_pair_and_a_new_one_loses_it(own):
    labelme(own / "drawn/anna/01.json")
    labelme(own / "drawn/anna/02.json", (8, 6))
    run(own)
    labelme(own / "drawn/anna/01.json", (8, 6))
    labelme(own / "drawn/anna/02.json")
    assert run(own)["fault"].eq("").sum() == 1
    assert [path.name for path in (own / "ready/masks").rglob("*.png")] == ["02.png"]


def test_a_folder_with_other_files_is_left_alone(own):
    (own / "ready").mkdir()
    (own / "ready/thesis.txt").write_text("mine")
    with pytest.raises(DataError, match="holds files that are not of an earlier import"):
        run(own)
    assert [path.name for path in (own / "ready").iterdir()] == ["thesis.txt"]
    (own / "ready/thesis.txt").rename(own / "ready" / MARK)
    run(own)


def test_pairs_are_not_written_among_the_originals(own):
    for inside in ("images/ready", "drawn/ready", "images"):
        with pytest.raises(DataError, match="lies in .*, whose files are read"):
            import_masks(own / "images", own / "drawn", own / inside, HEART)


@pytest.mark.parametrize("classes", [{}, {"heart": 0}, {"heart": 1, "vessel": 2}])
def test_one_structure_is_asked_for(own, classes):
    with pytest.raises(DataError, match="expected 1 for the structure's label"):
        run(own, classes)


def test_a_label_of_class_0_cuts_a_hole(own):
    hole = np.array([(2, 2), (3, 2), (3, 3), (2, 3)])
    text = labelme_text("01.png", SHAPE, [("heart", SQUARE), ("papillary", hole)])
    (own / "drawn/anna").mkdir()
    (own / "drawn/anna/01.json").write_text(text)
    assert run(own, HEART | {"papillary": 0}).at["anna/01", "pixels"] == 11
