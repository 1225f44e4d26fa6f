"""`python -m seglib predict`: masks for a folder of images."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from seglib.commands.options import AUTO, BACKENDS
from seglib.errors import DataError

if TYPE_CHECKING:
    from seglib.commands.reading import Files

#: Bytes of a file's name on the usual file systems.
LONGEST_NAME = 255

HELP = """\
Write a mask for each image: all of them, or none if one cannot be used.

  PNG, TIFF or JPEG   NAME.png, 0 and 255, at the image's own size
  NIfTI volume        a NIfTI mask of the same name, shape and affine, 0 and 1;
                      slices are stacked along the longest side of its voxels if
                      that is 1.5 times the others, else from foot to head,
                      however the file stores its axes
  DICOM               NAME.png, as above

A folder holds one kind of file; sizes may differ, and subfolders are kept. NAME_mask
beside NAME is taken for its label and left alone. A model of
several classes gives class numbers in NIfTI, and grey values spread over 0-255 in PNG.
A colour image for a grey model is reduced to its brightness, a grey image for a colour
model is repeated in its three channels; either is said.

example:
  python -m seglib predict --input my_images --output my_masks"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `predict`."""
    add = parser.add_argument
    add("--input", type=Path, required=True, metavar="PATH", help="folder of images, or one image")
    add("--output", type=Path, required=True, metavar="DIR", help="folder for the masks")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file (.keras or .onnx) of this project; default: "
        "reports/models/sunnybrook.keras, for the left ventricle in short-axis MR",
    )
    add(
        "--rotations",
        action=argparse.BooleanOptionalAction,
        help="average over 8 orientations of each image: 8 times the work, for networks trained "
        "on images turned and mirrored at will; default: what the model's card says",
    )
    add(
        "--largest-component",
        action="store_true",
        help="keep only the largest piece of each slice's mask (default: keep all)",
    )
    add(
        "--backend",
        choices=BACKENDS,
        default=AUTO,
        help="what runs the network: onnx (ONNX Runtime, ready in a second), keras, or auto: onnx "
        "where NAME.onnx, which export wrote from NAME.keras, lies beside it, else keras; "
        "default: auto",
    )


def predict(
    input: Path,
    output: Path,
    model: Path | None = None,
    rotations: bool | None = None,
    largest_component: bool = False,
    backend: str = AUTO,
) -> None:
    """Write one mask for each image, all of them or none.

    Args:
        input: A file, or a folder whose subfolders count too.
        output: Folder of the masks, with the same subfolders.
        model: A file of `seglib.inference.load_model`; default
            `seglib.commands.options.DEFAULT_MODEL`.
        rotations: Average over 8 orientations; default what the model's card says.
        largest_component: Keep the largest piece of each slice.
        backend: What runs the network, see `seglib.commands.backends.load`.

    Raises:
        DataError: An image cannot be used, or the output cannot be written.
        ModelFileError: The model file cannot be used.
    """
    from tqdm import tqdm

    from seglib.commands import segmenter
    from seglib.commands.reading import find_files
    from seglib.formats.folders import printable
    from seglib.staging import check_output, check_targets, staged_folder

    files = find_files(input)
    if files.others:
        example = printable(files.others[0].name)
        print(f"note: {len(files.others)} other file(s) left alone, e.g. {example}")
    targets = _targets(files, input, output)
    _check_names(targets)
    check_output(output)
    check_targets(output, targets.values())
    network = segmenter.load(model, rotations, largest_component, backend)
    network.check_kind(files.kind, input)
    total, unit = len(files.paths), " images"
    if files.kind == "volume":
        from seglib.formats import nifti  # slow to import, and pictures do without

        total, unit = sum(nifti.count_slices(path) for path in files.paths.values()), " slices"
    with (
        tqdm(total=total, desc="predict", unit=unit) as bar,
        staged_folder(output) as folder,
    ):
        for paths, stack in segmenter.stacks(files, network):
            masks = network.masks(stack, bar.update)
            for path, count in paths.items():
                target = folder / targets[path]
                target.parent.mkdir(parents=True, exist_ok=True)
                network.write(target, masks[:count], like=path)
                masks = masks[count:]
    for note in network.notes():
        print(f"note: {note}")
    print(f"{len(targets)} mask(s) in {output}{network.legend(files.kind)}")


def _targets(files: Files, source: Path, output: Path) -> dict[Path, Path]:
    """The path inside the output folder of each file's mask.

    Raises:
        DataError: A mask would lie among the images, or on one of them.
    """
    inside = source.is_dir() and output.resolve().is_relative_to(source.resolve())
    targets = {
        path: Path(path.relative_to(source).parent if source.is_dir() else ".")
        / (path.name if files.kind == "volume" else f"{Path(key).name}.png")
        for key, path in files.paths.items()
    }
    taken = {path.resolve() for path in files.paths.values()}
    if inside or any((output / target).resolve() in taken for target in targets.values()):
        raise DataError(
            f"--output {output} lies where the images are: masks would replace images, or be "
            "taken for images the next time; name another folder"
        )
    return targets


def _check_names(targets: dict[Path, Path]) -> None:
    """Refuse names that no mask can have, before hours of work.

    Raises:
        DataError: A mask's name is longer than `LONGEST_NAME`.
    """
    from seglib.formats.folders import printable

    for path, target in targets.items():
        if (length := len(os.fsencode(target.name))) > LONGEST_NAME:
            raise DataError(
                f"{printable(path)}: its mask would be named {printable(target.name)}, which has "
                f"{length} bytes, but a file name has {LONGEST_NAME} at most; rename the image"
            )
