"""What each lab's positions may give: held against the bands by the tests of its module."""

from seglib.lessons.labs.registry import LABS
from seglib.slices import SliceSet

#: What the honest position may give, and what the broken one may add to it, on phantoms and on
#: Sunnybrook alike, with every seed. The reason stands beside each.
BANDS = {
    # A neighbour's mask overlaps by 0.7 to 0.85, a stranger's by 0.4 to 0.6.
    "leak_the_patients": ((0.35, 0.65), (0.15, 0.45)),
    # Turned by at most 20 degrees, a slice's own mask overlaps by more than 0.75.
    "keep_variants_of_a_test_slice": ((0.35, 0.65), (0.15, 0.5)),
    # Copied masks lie off by up to a fifth of the image; a heart is as wide as that.
    "unpair_the_seeds": ((0.2, 0.55), (-0.45, -0.08)),
    "shift_along_the_wrong_axis": ((0.3, 0.7), (-0.5, -0.12)),
    # Groups have one state, so exactly 0; six trainings with batches gave 0.02 to 0.84.
    "batch_norm_at_batch_1": ((-1e-6, 1e-6), (0.01, 0.95)),
    # A maximum over 40 epochs of two patients; above 0.2 the curve would be noise alone.
    "pick_the_epoch_on_the_test_set": ((0.5, 0.9), (0.002, 0.2)),
    # The classifier is unsure at every rim and over much of the background.
    "score_soft_dice": ((0.3, 0.65), (-0.25, -0.04)),
    # The background's Dice is 0.95 to 1, so half of what is missing is added.
    "count_the_background": ((0.35, 0.7), (0.15, 0.33)),
    # Five votes agree with their own majority to 0.7 or more.
    "score_it_against_itself": ((0.3, 0.7), (0.15, 0.5)),
    # Two thirds of the slices are empty: two thirds of 1 - 0.84.
    "count_empty_masks_as_right": ((0.75, 0.9), (0.08, 0.16)),
    # Half a pixel's rim of a wall of three pixels, on its outer side alone.
    "interpolate_the_masks": ((0.0, 0.0), (15.0, 45.0)),
    # Islands lie 30 rows and columns away: 42 pixels, less the heart's radius.
    "take_another_librarys_hd95": ((15.0, 42.5), (-41.5, -14.0)),
}


def check(lab: str, hearts: SliceSet, seeds) -> None:
    """Run both positions with each seed and hold them against the lab's band."""
    (lowest, highest), (least, most) = BANDS[lab]
    for seed in seeds:
        honest = LABS[lab].run(False, hearts, seed).score
        broken = LABS[lab].run(True, hearts, seed).score
        assert lowest <= honest <= highest, f"seed {seed}: honest {honest}"
        assert least <= broken - honest <= most, f"seed {seed}: {broken} - {honest}"
