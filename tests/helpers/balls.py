"""Volumes with a bright ball, for networks of volumes."""

import numpy as np
import pandas as pd

from seglib.slices import TABLE_COLUMNS, SliceSet


def ball_set(cases=2, slices=10, side=24) -> SliceSet:
    """Cases with a bright ball, its voxels the mask; slices stored in another order."""
    images, masks, rows = [], [], []
    z, y, x = np.mgrid[:slices, :side, :side]
    for k in range(cases):
        ball = (z - slices // 2) ** 2 + (y - 10) ** 2 + (x - 13 - k) ** 2 < 16
        order = np.random.default_rng(k).permutation(slices)
        images.append((40 + 160 * ball + z)[order])
        masks.append(ball[order])
        rows += [{"case": f"C{k}", "patient": f"C{k}", "slice": int(s)} for s in order]
    table = pd.DataFrame(rows).reindex(columns=TABLE_COLUMNS)
    stacks = (np.concatenate(stack).astype(np.uint8)[..., None] for stack in (images, masks))
    return SliceSet("balls", *stacks, table, ("background", "ball"))
