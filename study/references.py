"""Published figures that results are drawn beside, and what they count."""

from __future__ import annotations

from seglib.plotting.style import Reference

#: Dice of the left-ventricular endocardium on Sunnybrook.
SUNNYBROOK = (
    Reference("Tran 2016, FCN, good contours only (mean, SD)", 0.92, 0.03),
    Reference("Avendi 2016, good contours only", 0.94),
    Reference("observers, comparable cohort (range)", 0.935, 0.005),
)

#: Dice of the left atrium on the Decathlon's training volumes, five folds over all 20. The
#: second is the agreement of the two labels that one of its scans has under two names.
ATRIUM = (
    Reference("Isensee 2021, nnU-Net, all 20 subjects, about", 0.93),
    Reference("two labels of one scan", 0.927),
)

#: What system 4 asked of every label on OASIS.
BRAIN_TISSUE = (Reference("goal of system 4, for each label", 0.9),)

#: Dice of the tumour on the LGG slices, pooled by patient. Buda et al. 2019.
LGG = (
    Reference("Buda 2019, mean of 110 patients", 0.836),
    Reference("Buda 2019, median of 110 patients", 0.873),
    Reference("two experts (SD)", 0.84, 0.02),
)
