"""Simulated hearts as a user's own pictures."""

from PIL import Image

from seglib.phantoms import heart


def write_pictures(folder, patients):
    """Patients of four 32x32 slices, as the folders ``images`` and ``masks`` of PNG files."""
    slices = heart.make(patients=patients, slices=2, size=32)
    for kind, pixels in (("images", slices.images), ("masks", slices.masks * 255)):
        (folder / kind).mkdir()
        for name, array in zip(slices.table["source"], pixels, strict=True):
            Image.fromarray(array[..., 0]).save(folder / kind / f"{name}.png")
    return folder
