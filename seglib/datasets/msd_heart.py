"""Medical Segmentation Decathlon, Task02_Heart: the left atrium in 3-D MR volumes.

Layout: ``Task02_Heart/dataset.json`` lists the subjects; ``imagesTr/la_003.nii.gz`` is a
scan, ``labelsTr/la_003.nii.gz`` its label.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from seglib.datasets.cache import cached
from seglib.datasets.locations import is_phantom, require_folder
from seglib.errors import DataError
from seglib.formats.folders import volume_stem
from seglib.formats.pictures import read_all
from seglib.slices import SliceSet

FOLDER = "Task02_Heart"

PHANTOM_NAME = "atrium phantom"

CLASS_NAMES = ("background", "left atrium")

#: Subjects whose scan is that of another one, voxel for voxel, under a second name and with
#: a label of its own. On two sides of a split, the network would be tested on a picture it
#: was trained on. `seglib.splits.find_leaks` finds them from the pictures alone. The phantom
#: has such a pair too, so that the lesson can be taught without the data.
SAME_SCAN = {"la_026": "la_005", "phantom-09": "phantom-03"}

#: Largest angle in degrees between the slices' axes and those of the body. The data set's
#: own volumes have 0; far from it, slices of two subjects show two different planes.
MAX_TILT = 10.0


def load(root: str | Path | Sequence[str | Path] | None = None) -> SliceSet:
    """Read every labelled volume, cut into slices along its third axis.

    However a file stores its axes, its slices are those of `seglib.formats.nifti_grid.Grid`, which
    follows the header. **These headers do not fit the pictures**: they call the axes
    right, front, head, but the pictures show front, head, right (12 of the 20 subjects
    were looked at). So what the header calls axial is a sagittal slice, from the left
    shoulder (slice 0) to the right one, head up and chest on the left. A network
    trained on them needs such slices, so a truthful volume from elsewhere does not suit.

    Args:
        root: The folder that holds ``Task02_Heart/``, or that folder itself; several such
            folders are read as one set. Default: ``$SEGLIB_DATA_DIR/msd_heart``, else
            ``data/raw/msd_heart``.

    Returns:
        ``(N, H, W, 1)`` images, uint8 where all files hold that, else float32, intensities
        as stored; and masks, 1 in the left atrium. Sorted by subject and slice. A subject
        is one patient and one case. ``spacing`` is the pixel side in mm; the table adds
        ``slice_spacing`` (mm between slices: the volumes are dense, see
        `seglib.evaluation.score_cases`) and ``group``, which subjects of one scan share.
        The name is ``"Decathlon heart"``, or ``"atrium phantom"`` for a folder that
        `seglib.phantoms.atrium` has written.

    Raises:
        DataError: The folder or ``dataset.json`` is missing or not as it should be, a file
            is missing, not listed, damaged or not 3-D, two folders list one subject, some
            folders are a phantom's and some are not, a label is not on its image's grid
            or holds other values than 0 and 1, a volume lies oblique, its pixels are not
            square, or the slices of two subjects have two sizes.

    Source: Antonelli et al. 2022, The Medical Segmentation Decathlon (CC-BY-SA 4.0);
        originally Tobon-Gomez et al. 2015, Benchmark for algorithms segmenting the left
        atrium from 3D CT and MRI datasets.
    """
    several = [root] if root is None or isinstance(root, (str, Path)) else root
    folders = [require_folder("msd_heart", folder) for folder in several]
    folders = [folder / FOLDER if (folder / FOLDER).is_dir() else folder for folder in folders]
    subjects = _of_all(folders)
    sources = {subject: image.name for subject, (image, _) in subjects.items()}
    phantoms = {is_phantom(folder) for folder in folders}
    if len(phantoms) != 1:
        listed = ", ".join(map(str, folders)) or "no folder"
        raise DataError(f"{listed}: expected folders of the real set, or of a phantom, not both")
    name = PHANTOM_NAME if phantoms.pop() else "Decathlon heart"
    return cached(_read, list(subjects.values()), sources=sources, name=name)


def _of_all(folders: Sequence[Path]) -> dict[str, tuple[Path, Path]]:
    """The subjects of several folders, sorted by name."""
    subjects: dict[str, tuple[Path, Path]] = {}
    for folder in folders:
        found = listed_subjects(folder)
        twice = sorted(set(found) & set(subjects))
        if twice:
            raise DataError(f"{folder}: {twice[0]} is listed by another folder too; remove one")
        subjects |= found
    return dict(sorted(subjects.items()))


def _read(files: list[tuple[Path, Path]], sources: dict[str, str], name: str) -> SliceSet:
    """Read the volumes of the subjects, whose images have the names `sources`."""
    volumes = read_all(_read_subject, files)
    rows = []
    first = next(iter(sources))
    for (subject, source), (path, _), (images, _, spacing) in zip(
        sources.items(), files, volumes, strict=True
    ):
        if images.shape[1:] != volumes[0][0].shape[1:]:
            raise DataError(
                f"{path}: the slices have {images.shape[1]}x{images.shape[2]} pixels, those of "
                f"{first} {volumes[0][0].shape[1]}x{volumes[0][0].shape[2]}; all volumes must "
                "have slices of the same size"
            )
        rows += [
            {
                "case": subject,
                "patient": subject,
                "slice": number,
                "phase": "",
                "spacing": spacing[1],
                "slice_spacing": spacing[0],
                "pathology": "",
                "source": source,
                "group": SAME_SCAN.get(subject, subject),
            }
            for number in range(len(images))
        ]
    images = np.concatenate([images for images, _, _ in volumes])[..., None]
    masks = np.concatenate([masks for _, masks, _ in volumes])[..., None]
    return SliceSet(name, images, masks, pd.DataFrame(rows), CLASS_NAMES)


def listed_subjects(root: Path) -> dict[str, tuple[Path, Path]]:
    """Image and label of each subject that ``dataset.json`` lists, sorted by name.

    Args:
        root: The folder ``Task02_Heart`` itself.

    Raises:
        DataError: The list is missing or wrong, or it and the files do not agree.
    """
    subjects: dict[str, tuple[Path, Path]] = {}
    for entry in _listed(root / "dataset.json"):
        image, label = root / entry["image"], root / entry["label"]
        subject = volume_stem(image)
        if not subject or volume_stem(label) != subject or subject in subjects:
            raise DataError(
                f"{root / 'dataset.json'}: the entry {entry} is wrong; expected one entry for "
                "each subject, its image and label under one name, e.g. ./imagesTr/la_003.nii.gz "
                "and ./labelsTr/la_003.nii.gz"
            )
        for path, what in ((image, "image"), (label, "label")):
            if not path.is_file():
                raise DataError(
                    f"{path}: the {what} of {subject} is missing, but dataset.json lists it; add "
                    "the file, or remove the subject from dataset.json"
                )
        subjects[subject] = (image, label)
    listed = {path.resolve() for pair in subjects.values() for path in pair}
    for folder in ("imagesTr", "labelsTr"):
        # A dot in front: what macOS writes beside each file of an archive.
        found = [p for p in (root / folder).glob("[!.]*") if volume_stem(p) is not None]
        extra = sorted(p for p in found if p.resolve() not in listed)
        if extra:
            raise DataError(
                f"{extra[0]}: is not listed in dataset.json ({len(extra)} such file(s)); add its "
                "subject to the list, or remove the file"
            )
    return dict(sorted(subjects.items()))


def _listed(path: Path) -> list[dict[str, str]]:
    """The entries of ``dataset.json``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file; expected the unpacked Task02_Heart.tar, with dataset.json, "
            "imagesTr and labelsTr"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable JSON file ({error}); unpack it anew") from error
    content = content if isinstance(content, dict) else {}
    wanted = {str(index): name for index, name in enumerate(CLASS_NAMES)}
    if content.get("labels") != wanted:
        raise DataError(
            f"{path}: expected the labels {wanted} of Task02_Heart, found {content.get('labels')}; "
            "is this another task's folder?"
        )
    entries = content.get("training")
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: lists no subjects under 'training'")
    for entry in entries:
        names = [entry.get(key) for key in ("image", "label")] if isinstance(entry, dict) else [0]
        if not all(isinstance(name, str) and name for name in names):
            raise DataError(
                f"{path}: expected entries with 'image' and 'label' under 'training', found {entry}"
            )
    return entries


def _read_subject(
    files: tuple[Path, Path],
) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float]]:
    """Images and masks ``(S, H, W)``, and the spacing of slices, rows and columns in mm."""
    from seglib.formats import nifti
    from seglib.formats.nifti_header import open_volume

    image_path, label_path = files
    shape = open_volume(image_path).shape
    if len(shape) != 3:
        raise DataError(f"{image_path}: expected a 3-D volume, found shape {shape}")
    images, grid = nifti.read_slices(image_path)
    masks, label_grid = nifti.read_mask(label_path, len(CLASS_NAMES))
    if not grid.is_same(label_grid):
        raise DataError(
            f"{label_path}: is not on the grid of its image: slices, rows and columns "
            f"{label_grid.sliced_shape} and {grid.sliced_shape}, affines "
            f"{label_grid.affine.tolist()} and {grid.affine.tolist()}"
        )
    if grid.tilt > MAX_TILT:
        raise DataError(
            f"{image_path}: lies {grid.tilt:.0f} degrees oblique, at most {MAX_TILT:g} are "
            "accepted; resample image and label along the body's axes first"
        )
    if grid.spacing[1] != grid.spacing[2]:
        raise DataError(
            f"{image_path}: the pixels of a slice are {grid.spacing[1]:g} x {grid.spacing[2]:g} mm "
            "(height x width); expected square ones, so resample image and label first"
        )
    return images, masks, grid.spacing
