"""A network with all that turns images of any kind into its masks, for `predict`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from seglib.commands import backends
from seglib.commands.options import DEFAULT_MODEL
from seglib.commands.reading import KINDS, Files, fit_channels, grey_values, read_slices
from seglib.errors import DataError, ModelFileError
from seglib.files import REPOSITORY
from seglib.formats.folders import printable
from seglib.inference import prediction
from seglib.inference.components import largest_component
from seglib.inference.forward import bytes_beside, even_size, most_at_once, values_per_pixel
from seglib.inference.sliding_window import patch_of, predict_volume
from seglib.preprocessing.intensities import drowned
from seglib.preprocessing.normalisation import as_8_bit
from seglib.preprocessing.steps import Preprocessing
from seglib.preprocessing.volumes import normalise_volume

if TYPE_CHECKING:
    import keras

    from seglib.inference.onnx_network import OnnxNetwork


@dataclass(frozen=True)
class Segmenter:
    """A network with all that turns stored slices into masks."""

    network: keras.Model | OnnxNetwork
    preprocessing: Preprocessing
    class_names: tuple[str, ...]
    rotations: bool
    largest_component: bool
    #: See `seglib.inference.forward.values_per_pixel`.
    values_per_pixel: float
    #: What was done to images that did not fit, and the files it was done to.
    changes: dict[str, list[Path]] = field(default_factory=dict)

    @property
    def num_classes(self) -> int:
        """Classes with background."""
        return max(2, self.network.output_shape[-1])

    @property
    def patch(self) -> tuple[int, int, int] | None:
        """``(D, h, w)`` voxels that a network of volumes takes; None for one of slices."""
        return patch_of(self.network)

    @property
    def whole_volumes(self) -> bool:
        """Whether a file must be prepared as a whole: it is more than a stack of pictures."""
        return self.patch is not None or self.preprocessing.takes_whole_volumes

    def check_kind(self, kind: str, source: Path) -> None:
        """Refuse pictures for a model that was trained on volumes.

        Raises:
            DataError: The kind of file does not suit the model.
        """
        if self.whole_volumes and kind != "volume":
            raise DataError(
                f"{source}: holds {KINDS[kind]}, but the model takes whole volumes; give NIfTI "
                "files (.nii, .nii.gz)"
            )

    def prepare(self, slices: np.ndarray, path: Path) -> np.ndarray:
        """Slices of one file, with the channels and the range that the network needs.

        Raises:
            DataError: The network cannot take them.
        """
        if self.whole_volumes:
            _require_three_axes(path)
        if any(map(drowned, slices)):
            raise DataError(
                f"{path}: holds the value {np.abs(slices).max():g}, beside which all others look "
                "alike; replace it, e.g. by 0"
            )
        *_, height, width, channels = self.network.input_shape
        slices, change = fit_channels(slices, channels, path)
        if change:
            self.changes.setdefault(change, []).append(path)
        if self.preprocessing.takes_8_bit and slices.dtype != np.uint8:
            change = "scaled to 0-255 by its own extremes, for the model takes 8-bit images"
            self.changes.setdefault(change, []).append(path)
            slices = as_8_bit(slices)
        if self.preprocessing.takes_whole_volumes:
            slices = normalise_volume(slices)
        if self.patch:
            return slices
        size = self.preprocessing.target_size(*slices.shape[1:3])
        if (height or size[0], width or size[1]) != size:
            raise DataError(
                f"{path}: is {slices.shape[1]}x{slices.shape[2]} pixels (height x width), "
                f"{size[0]}x{size[1]} when prepared, but the model takes only {height}x{width}; "
                "crop or resize the images"
            )
        if self.rotations and size[0] != size[1]:
            raise DataError(
                f"{path}: is not square when prepared ({size[0]}x{size[1]}), so it cannot be "
                "turned; use --no-rotations"
            )
        return slices

    def most_at_once(self, slices: np.ndarray) -> int:
        """How many slices like these, ``(S, H, W, C)``, shall be predicted together."""
        size = self.preprocessing.target_size(*slices.shape[1:3])
        beside = bytes_beside(slices, self.network.output_shape[-1])
        return most_at_once(self.values_per_pixel, size, beside)

    def masks(self, stack: np.ndarray, done: Callable[[int], object]) -> np.ndarray:
        """``(S, H, W)`` uint8 class indices of prepared slices ``(S, H, W, C)``."""
        parts = []
        step = len(stack)
        if not self.patch:
            step = even_size(len(stack), self.most_at_once(stack))
        for start in range(0, len(stack), step):
            batch = stack[start : start + step]
            if self.patch:
                probabilities = predict_volume(self.network, batch, self.preprocessing, self.patch)
            else:
                probabilities = prediction.predict(
                    self.network,
                    batch,
                    self.preprocessing,
                    batch_size=step,
                    rotations=self.rotations,
                )
            mask = prediction.to_mask(probabilities)
            parts.append(largest_component(mask) if self.largest_component else mask)
            done(len(batch))
        return np.concatenate(parts)[..., 0]

    def write(self, target: Path, mask: np.ndarray, like: Path) -> None:
        """Write the mask ``(S, H, W)`` of one file: NIfTI as that file is, or PNG.

        Args:
            target: The new file; its ending decides.
            mask: uint8 class indices; S = 1 for PNG.
            like: The image.
        """
        if target.suffix == ".png":
            greys = np.array(grey_values(self.num_classes), np.uint8)
            Image.fromarray(greys[mask[0]]).save(target)
        else:
            from seglib.formats import nifti  # slow to import, and pictures do without

            nifti.write_mask(target, mask, like)

    def notes(self) -> Iterator[str]:
        """What the user should know about changed images."""
        for change, paths in self.changes.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"{printable(paths[0].name)}{more}: {change}"

    def legend(self, kind: str) -> str:
        """The value of each class in the masks; empty for a binary mask."""
        if self.num_classes == 2:
            return ""
        values = range(self.num_classes) if kind == "volume" else grey_values(self.num_classes)
        pairs = zip(values, self.class_names, strict=True)
        return "; values: " + ", ".join(f"{value} {name}" for value, name in pairs)


def _require_three_axes(path: Path) -> None:
    """Refuse a volume that moves.

    Raises:
        DataError: The file has more than three axes.
    """
    from seglib.formats.nifti_header import open_volume  # slow too, and for volumes alone

    if (axes := len(open_volume(path).shape)) > 3:
        raise DataError(
            f"{path}: has {axes} axes, but the model takes volumes of 3; save each time step "
            "as a file of its own"
        )


def load(
    model: Path | None, rotations: bool | None, largest_component: bool, backend: str
) -> Segmenter:
    """Read a model file for `predict`, whose arguments these are.

    Raises:
        DataError: An option does not suit the model.
        ModelFileError: The file is missing or cannot be used.
        SeglibError: ONNX Runtime is missing, and nothing else may run the file.
    """
    default = REPOSITORY / DEFAULT_MODEL
    if model is None and not default.is_file():
        raise ModelFileError(
            f"no --model was named, and {DEFAULT_MODEL.as_posix()} is not in this copy of the "
            "repository. Name a model file, or train one: "
            "python -m seglib train lv_best --output my_model.keras"
        )
    (network, preprocessing, card), why = backends.load(model or default, backend)
    if why:
        print(f"note: {why}")
    if rotations is None:
        rotations = bool(card.get("rotations", False))
    if rotations and patch_of(network):
        raise DataError("--rotations is for models of slices; this one takes volumes")
    outputs = network.output_shape[-1]
    if largest_component and outputs > 2:
        raise DataError(
            f"--largest-component is for one structure; the model has {outputs} classes"
        )
    names = card.get("class_names") or [f"class {k}" for k in range(max(2, outputs))]
    return Segmenter(
        network,
        preprocessing,
        tuple(names),
        rotations,
        largest_component,
        values_per_pixel(network),
    )


def stacks(files: Files, segmenter: Segmenter) -> Iterator[tuple[dict[Path, int], np.ndarray]]:
    """Files of one size together, until they fill a batch.

    Yields:
        The number of slices of each file, and the prepared slices ``(S, H, W, C)``.
    """
    waiting: dict[Path, np.ndarray] = {}

    def release() -> tuple[dict[Path, int], np.ndarray]:
        counts = {path: len(slices) for path, slices in waiting.items()}
        stack = np.concatenate(list(waiting.values()))
        waiting.clear()
        return counts, stack

    for path in files.paths.values():
        slices = segmenter.prepare(read_slices(path, files.kind), path)
        if waiting and next(iter(waiting.values())).shape[1:] != slices.shape[1:]:
            yield release()
        waiting[path] = slices
        waits = sum(map(len, waiting.values()))
        if segmenter.patch or waits >= segmenter.most_at_once(slices):
            yield release()
    if waiting:
        yield release()
