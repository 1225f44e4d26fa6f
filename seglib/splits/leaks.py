"""Does anything stand on two sides of a split? If so, test scores flatter the network."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pandas as pd

from seglib.errors import LeakError
from seglib.slices import SliceSet

COLUMNS = ("kind", "part_a", "part_b", "item_a", "item_b")

#: Largest number of differing hash bits (of 64) at which two pictures are compared further.
MAX_DISTANCE = 8

#: Smallest correlation of their thumbnails at which they then count as near-duplicates.
MIN_CORRELATION = 0.98

THUMBNAIL = 32
ROWS_AT_ONCE = 512  # keeps the distance table small for sets of ten thousand slices

#: Number of set bits in each byte; numpy counts bits itself only from version 2 on.
BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


def find_leaks(
    parts: dict[str, SliceSet],
    max_distance: int = MAX_DISTANCE,
    min_correlation: float = MIN_CORRELATION,
) -> pd.DataFrame:
    """List what stands in more than one part of a split.

    Three kinds are found: ``"patient"``, ``"source"`` (the same file of the same patient,
    which also catches rotated and flipped copies that augmentation made of it), and
    ``"near-duplicate"`` (two pictures that look alike, whatever they are called: their
    64-bit perceptual hashes differ in few bits, and their thumbnails correlate).

    The defaults were chosen on Sunnybrook: the smallest distance between different patients
    is 6 bits, and their thumbnails never correlate above 0.80, while the two phases of
    one slice are at most 8 bits apart in more than 99 % of cases. The higher correlation
    asked for spares brain slices, which are more alike from patient to patient: 0.95 among
    18 patients of LGG, presumably a little more among 110.

    Args:
        parts: The parts of a split, e.g. ``{"train": ..., "test": ...}``; empty ones are fine.
        max_distance: Largest number of differing bits, 0-64.
        min_correlation: Smallest correlation of the 32x32 thumbnails, -1 to 1.

    Returns:
        One row a leak, with the columns ``kind, part_a, part_b, item_a, item_b``; empty if
        the split is clean.

    Source: the hash is the common DCT "pHash" (Zauner 2010, Implementation and benchmarking
        of perceptual image hash functions).
    """
    thumbnails = {part: make_thumbnails(slices.images) for part, slices in parts.items()}
    rows: list[tuple] = []
    for a, b in combinations(parts, 2):
        for patient in sorted(set(parts[a].patients) & set(parts[b].patients)):
            rows.append(("patient", a, b, patient, patient))
        for source in sorted(_sources(parts[a]) & _sources(parts[b])):
            rows.append(("source", a, b, source, source))
        alike = _near_duplicates(thumbnails[a], thumbnails[b], max_distance, min_correlation)
        items_a, items_b = _items(parts[a]), _items(parts[b])
        rows += [("near-duplicate", a, b, items_a[i], items_b[j]) for i, j in alike]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def check_no_leaks(
    parts: dict[str, SliceSet],
    max_distance: int = MAX_DISTANCE,
    min_correlation: float = MIN_CORRELATION,
) -> None:
    """Stop if a split leaks. The arguments are those of `find_leaks`.

    Raises:
        LeakError: Something stands in two parts; the message counts each kind and names the
            first few.
    """
    leaks = find_leaks(parts, max_distance, min_correlation)
    if leaks.empty:
        return
    lines = ["the split leaks; split by patient, and before any augmentation"]
    for kind, rows in leaks.groupby("kind", sort=False):
        first = "; ".join(
            f"{row.item_a} in {row.part_a} and {row.item_b} in {row.part_b}"
            for row in rows.head(3).itertuples()
        )
        lines.append(f"  {kind}: {len(rows)}, e.g. {first}")
    raise LeakError("\n".join(lines))


def make_thumbnails(images: np.ndarray) -> np.ndarray:
    """Shrink each image, its channels averaged, to a grey thumbnail.

    Args:
        images: ``(N, H, W, C)``, any number type.

    Returns:
        ``(N, 32, 32)`` float32.
    """
    small = np.empty((len(images), THUMBNAIL, THUMBNAIL), np.float32)
    for thumbnail, image in zip(small, images, strict=True):
        grey = image.mean(axis=-1, dtype=np.float32)
        thumbnail[:] = cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return small


def perceptual_hash(thumbnails: np.ndarray) -> np.ndarray:
    """64 bits a picture: which of its 8x8 coarsest cosine waves are above their median.

    Args:
        thumbnails: ``(N, 32, 32)`` float32.

    Returns:
        ``(N, 8)`` uint8, eight bits a byte.
    """
    waves = np.empty((len(thumbnails), 64), np.float32)
    for row, thumbnail in zip(waves, thumbnails, strict=True):
        row[:] = cv2.dct(thumbnail)[:8, :8].ravel()
    # The first wave is the mean brightness; it would pull the median along.
    median = np.median(waves[:, 1:], axis=1, keepdims=True)
    return np.packbits(waves > median, axis=1)


def hamming_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Differing bits between all hashes of two sets: ``(N, 8)`` and ``(M, 8)`` to ``(N, M)``."""
    return BITS[a[:, None] ^ b[None]].sum(axis=-1, dtype=np.uint8)


def correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson correlation between all thumbnails of two sets: ``(N, M)`` float32.

    A picture without any contrast has no correlation and gets 0.
    """

    def unit(thumbnails: np.ndarray) -> np.ndarray:
        flat = thumbnails.reshape(len(thumbnails), THUMBNAIL**2)
        flat = flat - flat.mean(axis=1, keepdims=True)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        return flat / np.where(length > 0, length, 1)

    return unit(a) @ unit(b).T


def _near_duplicates(
    a: np.ndarray, b: np.ndarray, max_distance: int, min_correlation: float
) -> np.ndarray:
    """Row numbers ``(pairs, 2)`` of thumbnails of `a` and `b` that look alike."""
    hash_a, hash_b = perceptual_hash(a), perceptual_hash(b)
    found = [np.empty((0, 2), int)]
    for start in range(0, len(a), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        alike = hamming_distances(hash_a[rows], hash_b) <= max_distance
        alike &= correlations(a[rows], b) >= min_correlation
        found.append(np.argwhere(alike) + (start, 0))
    return np.concatenate(found)


def _sources(slices: SliceSet) -> set[str]:
    """Source file of every slice, with the patient: file names may repeat between patients."""
    sources = slices.table["source"].astype(str)
    return {f"{who}/{source}" for who, source in zip(slices.table["patient"], sources, strict=True)}


def _items(slices: SliceSet) -> list[str]:
    """How a slice is named in the list of leaks."""
    rows = slices.table[["patient", "phase", "slice"]].astype(str)
    return [f"{patient} {phase} slice {z}".replace("  ", " ") for patient, phase, z in rows.values]
