"""Questions on uncertainty: calibration, temperature, and patients sent to a human."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the first question: what the network always says, and the share of pixels inside.
SHARE = 0.03
#: Of the third question: a probability, and what it is to become.
SAID, WANTED = 0.8, 0.6
TEMPERATURE = np.log(SAID / (1 - SAID)) / np.log(WANTED / (1 - WANTED))


def _bins(said, true, bins):
    """Pixels, mean probability and share of true pixels of each bin that is not empty."""
    said, true = np.asarray(said, float), np.asarray(true, float)
    number = np.minimum((said * bins).astype(int), bins - 1)
    counts, sums, hits = (np.bincount(number, w, bins) for w in (None, said, true))
    full = counts > 0
    return counts[full], sums[full] / counts[full], hits[full] / counts[full], np.flatnonzero(full)


def calibration_error(said, true, bins):
    """Mean distance of probability and share of true pixels, each bin counted by its pixels."""
    counts, said, hits, _ = _bins(said, true, bins)
    return float(np.average(np.abs(said - hits), weights=counts))


def _bins_alike(said, true, bins):
    _, said, hits, _ = _bins(said, true, bins)
    return float(np.mean(np.abs(said - hits)))


def _worst_bin(said, true, bins):
    _, said, hits, _ = _bins(said, true, bins)
    return float(np.max(np.abs(said - hits)))


def _signed(said, true, bins):
    return float(np.mean(said) - np.mean(true))


def _middles(said, true, bins):
    counts, _, hits, numbers = _bins(said, true, bins)
    return float(np.average(np.abs((numbers + 0.5) / bins - hits), weights=counts))


def _ones_lost(said, true, bins):
    said, true = np.asarray(said), np.asarray(true)
    return calibration_error(said[said < 1], true[said < 1], bins) * np.mean(said < 1)


def _empty_bin_has_a_mean(said, true, bins):
    counts = _bins(said, true, bins)[0]
    return calibration_error(said, true, bins) if len(counts) == bins else np.nan


def _pixel_by_pixel(said, true, bins):
    return float(np.mean(np.abs(np.asarray(said) - np.asarray(true))))


def _brier(said, true, bins):
    return float(np.mean((np.asarray(said) - np.asarray(true)) ** 2))


def drawn_pixels(rng):
    """Forty pixels, sure and unsure ones, of a network that is too sure; two say exactly 1.

    None but 1 lies on the edge of a bin, so that it does not matter which bin an edge belongs to.
    """
    said = np.r_[rng.uniform(0.02, 0.98, 20), rng.uniform(0.9, 0.99, 18), 1.0, 1.0]
    return said, (rng.random(40) < 0.3 + 0.4 * said).astype(int), int(rng.choice([4, 5, 8]))


def kept_dice(doubt, dice, sent):
    """Mean Dice of the patients kept when the most doubtful are sent to a human."""
    order = np.argsort(doubt)
    return float(np.mean(np.asarray(dice)[order[: len(order) - sent]]))


def _sure_ones_sent(doubt, dice, sent):
    return kept_dice(-np.asarray(doubt), dice, sent)


def _oracle(doubt, dice, sent):
    return kept_dice(-np.asarray(dice), dice, sent)


def _of_the_sent(doubt, dice, sent):
    return float(np.mean(np.asarray(dice)[np.argsort(doubt)[len(doubt) - sent :]]))


def _sent_are_perfect(doubt, dice, sent):
    kept = len(doubt) - sent
    return float((kept * kept_dice(doubt, dice, sent) + sent) / len(doubt))


def _divided_by_all(doubt, dice, sent):
    return kept_dice(doubt, dice, sent) * (len(doubt) - sent) / len(doubt)


def drawn_patients(rng):
    """Doubt and Dice of nine patients, of whom two to four are sent."""
    dice = rng.uniform(0.5, 0.95, 9).round(3)
    return (1 - dice + rng.uniform(0, 0.5, 9)).round(3), dice, int(rng.integers(2, 5))


QUESTIONS = [
    ValueQuestion(
        name="12-constant",
        answer="errors",
        level="predict",
        minutes=5,
        points=1,
        expected=[0, SHARE * (1 - SHARE)],
        tolerance=2e-4,
        right="Perfectly calibrated and of no use: honest answers need not be sharp ones.",
        mistakes=[
            Mistake([0, 0], "The calibration error is right. But each pixel's 0.03 differs from its "
                    "truth, 0 or 1, and the Brier score averages the squares of that."),
            Mistake([0, SHARE**2], "For the Brier score you took the background alone. In 3 of 100 "
                    "pixels the truth is 1, and the square is 0.97 · 0.97."),
            Mistake([0, SHARE], "0.03 is the Brier score of a network that always says 0. Saying 0.03 "
                    "costs a little less: work it out."),
            Mistake([SHARE, SHARE * (1 - SHARE)], "All pixels fall into one bin. Its mean probability "
                    "is 0.03; what is its share of true pixels?"),
            Mistake([1 - SHARE, SHARE * (1 - SHARE)], "You compared 0.03 with 1. It is compared with "
                    "the share of true pixels in the bin."),
            Mistake([SHARE * (1 - SHARE), 0], "The two are exchanged: calibration error first."),
        ],
        hints=[
            "Which bins hold pixels? What do mean probability and share of true pixels read there?",
            "Brier: 97 of 100 pixels cost 0.03², 3 of 100 cost 0.97².",
        ],
    ),
    ValueQuestion(
        name="12-chosen",
        answer="both",
        level="apply",
        minutes=10,
        points=2,
        expected=[0.3, 0],
        right="The network was honest both times. Who chooses pixels by the answer measures the choice.",
        mistakes=[
            Mistake([0, 0], "Over all pixels that is right. But of the 40 chosen ones 20 are true, a half, "
                    "and the network says 0.2 in each."),
            Mistake([0, 0.3], "The two are exchanged: the chosen pixels come first."),
            Mistake([0.8, 0], "You counted the 20 inside alone. The 20 next to them are chosen too."),
            Mistake([0.5, 0.2], "Those are the shares of true pixels. How far is each from what the "
                    "network says?"),
            Mistake([0.3, 0.3], "The first is right. Over all 100 pixels 20 are true, which is what the "
                    "network says."),
            Mistake([-0.3, 0], "A calibration error counts distances, without their sign."),
        ],
        hints=[
            "All pixels fall into one bin, that of 0.2. Which share of them is true, in each count?",
            "|0.2 − 20 / 40| and |0.2 − 20 / 100|.",
        ],
    ),
    ValueQuestion(
        name="12-temperature",
        answer="temperature",
        level="apply",
        minutes=10,
        points=2,
        expected=TEMPERATURE,
        right="The logit is divided; 0.5 has the logit 0 and stays, and so does the mask.",
        mistakes=[
            Mistake(SAID / WANTED, "You divided the probabilities. The temperature divides the logits, "
                    "log(p / (1 − p))."),
            Mistake(1 / TEMPERATURE, "That is the inverse: below 1 a temperature makes a network more "
                    "sure, and 0.8 moves towards 1."),
            Mistake((SAID - 0.5) / (WANTED - 0.5), "You compared the distances from 0.5. That is near, "
                    "but the scale of the logits is curved."),
            Mistake(np.log(SAID) / np.log(WANTED), "You took log(p). The logit is log(p / (1 − p))."),
            Mistake(SAID / (1 - SAID) / (WANTED / (1 - WANTED)), "You divided the odds, p / (1 − p). "
                    "The temperature divides their logarithms."),
            Mistake(np.log(SAID / (1 - SAID)) - np.log(WANTED / (1 - WANTED)), "You subtracted the "
                    "logits. The temperature is what the one is divided by to give the other."),
        ],
        hints=[
            "The logit of p is log(p / (1 − p)). What are those of 0.8 and of 0.6?",
            "The logit of 0.8, divided by the temperature, is the logit of 0.6.",
        ],
    ),
    FunctionQuestion(
        name="12-error",
        answer="calibration_error",
        level="build",
        minutes=25,
        points=3,
        reference=calibration_error,
        cases=[
            (np.array([0.1, 0.3, 0.7, 0.9]), np.array([0, 1, 1, 1]), 2),
            (np.array([0.05, 0.1, 0.15, 0.2, 0.7, 1.0]), np.array([0, 0, 0, 1, 0, 1]), 4),
        ],
        draw=drawn_pixels,
        right="Many easy pixels make it small whatever happens at the outline: say which ones count.",
        mistakes=[
            Mistake(_bins_alike, "You gave each bin the same weight. A bin counts by its pixels, or a "
                    "bin of three pixels decides as much as one of thousands."),
            Mistake(_worst_bin, "That is the distance in the worst bin (the lesson's `mce`); the mean "
                    "over the pixels is asked for."),
            Mistake(_signed, "You added the distances with their signs, so that too high and too low "
                    "cancel. Take absolute values, bin by bin."),
            Mistake(_middles, "You took the middle of each bin for what the network says. Take the mean "
                    "of the probabilities that lie in it."),
            Mistake(_ones_lost, "Pixels that say exactly 1 fall out of your bins: the last bin holds "
                    "its upper edge too."),
            Mistake(_empty_bin_has_a_mean, "You took the mean of a bin without pixels, which is NaN. "
                    "Leave empty bins out."),
            Mistake(_pixel_by_pixel, "You compared pixel by pixel. A single pixel is never 0.8 true: "
                    "compare means, bin by bin."),
            Mistake(_brier, "That is the Brier score, a mean square pixel by pixel, without any bins."),
        ],
        hints=[
            "`np.minimum((said * bins).astype(int), bins - 1)` is each pixel's bin; 1 is in the last.",
            "For each bin: `abs(said[inside].mean() - true[inside].mean()) * inside.sum()`; add up, and "
            "divide by the number of pixels.",
        ],
    ),
    FunctionQuestion(
        name="12-kept",
        answer="kept_dice",
        level="build",
        minutes=15,
        points=3,
        reference=kept_dice,
        cases=[
            (np.array([0.9, 0.1, 0.5, 0.3]), np.array([0.60, 0.90, 0.95, 0.70]), 1),
            (np.array([0.2, 0.8, 0.1, 0.6]), np.array([0.92, 0.85, 0.55, 0.80]), 2),
        ],
        draw=drawn_patients,
        right="Compare it with patients sent at random, and with the smallest hearts sent.",
        mistakes=[
            Mistake(_sure_ones_sent, "You sent the patients with the least doubt. Those with the most go."),
            Mistake(_oracle, "You sent the patients with the lowest Dice. In a clinic nobody knows the "
                    "Dice; that is the oracle's curve."),
            Mistake(_of_the_sent, "That is the mean Dice of the patients who are sent. Those who are "
                    "kept are asked for."),
            Mistake(_sent_are_perfect, "You counted the patients who are sent with Dice 1. They leave "
                    "the mean altogether."),
            Mistake(_divided_by_all, "You divided by all patients; divide by those who are kept."),
            Mistake(lambda doubt, dice, sent: float(np.mean(dice)), "That is the mean of all patients: "
                    "nobody was sent."),
        ],
        hints=[
            "`np.argsort(doubt)` lists the patients from sure to doubtful.",
            "Keep the first `len(doubt) - sent` of that list, and average their Dice.",
        ],
    ),
]  # fmt: skip
