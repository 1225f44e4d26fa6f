"""Questions on several classes: logits, steps, a confusion matrix, means of Dice, cross-entropy."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Pixels: rows are the expert's classes, columns the network's, background first. Made up.
MATRIX = np.array([[800, 15, 5, 0], [30, 60, 20, 0], [10, 30, 250, 20], [0, 0, 40, 150]])
SLICES, BATCH, EPOCHS = 9600, 64, 15
OWN_SLICES, OWN_BATCH = 120, 8
STEPS = SLICES // BATCH * EPOCHS


def class_dice(matrix):
    """Dice of every class, background too."""
    return 2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))


def tissue_dice(matrix):
    """Mean Dice of the classes but the first."""
    return float(class_dice(matrix)[1:].mean())


def pooled_dice(matrix):
    """Dice of all classes but the first, taken as one."""
    return 2 * matrix[1:, 1:].sum() / (matrix[1:].sum() + matrix[:, 1:].sum())


def _sums_of_right_pixels(matrix):
    """Pixels count as right only in their own tissue; sums over tissues, divided at the end."""
    return 2 * np.diag(matrix)[1:].sum() / (matrix[1:].sum() + matrix[:, 1:].sum())


def _jaccard(both, expert, network):
    return both / (expert + network - both)


_POOLED = MATRIX[1:, 1:].sum(), MATRIX[1:].sum(), MATRIX[:, 1:].sum()


def drawn_matrix(rng):
    """Four classes, most pixels on the diagonal."""
    return (rng.integers(1, 30, (4, 4)) + np.diag(rng.integers(50, 300, 4)),)


def weighted_cross_entropy(logits, truth, weights):
    """Mean over pixels of the true class's weight times minus its log probability."""
    return float(np.mean(weights[truth] * _costs(logits, truth)))


def _log_softmax(logits, axis=1):
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _costs(logits, truth, axis=1):
    return -_log_softmax(logits, axis)[np.arange(len(truth)), truth]


def _unweighted(logits, truth, weights):
    return np.mean(_costs(logits, truth))


def _by_sum_of_weights(logits, truth, weights):
    return np.average(_costs(logits, truth), weights=weights[truth])


def _summed(logits, truth, weights):
    return np.sum(weights[truth] * _costs(logits, truth))


def _overflowing(logits, truth, weights):
    with np.errstate(all="ignore"):
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return np.mean(weights[truth] * -np.log(p[np.arange(len(truth)), truth]))


def _of_the_answer(logits, truth, weights):
    return np.mean(weights[logits.argmax(axis=1)] * _costs(logits, truth))


def _over_pixels(logits, truth, weights):
    return np.mean(weights[truth] * _costs(logits, truth, axis=0))


def _all_classes(logits, truth, weights):
    return np.mean(np.sum(weights * -_log_softmax(logits), axis=1))


def _of_the_largest(logits, truth, weights):
    return weighted_cross_entropy(logits, logits.argmax(axis=1), weights)


def drawn_pixels(rng):
    """Seven pixels of four classes, weights from 1 to 4."""
    return rng.normal(0, 2, (7, 4)), rng.integers(0, 4, 7), rng.uniform(1, 4, 4)


_EVEN = np.array([[1000.0, 1000.0], [2.0, 2.0]])

QUESTIONS = [
    ValueQuestion(
        name="08-logits",
        answer="change",
        level="predict",
        minutes=5,
        points=1,
        expected="a",
        right="Only differences of logits count: exp(z + 5) is exp(z) times the same number for all.",
        mistakes=[
            Mistake("b", "Doubling doubles the differences too: the largest class gets still more. "
                    "Try the logits 0 and 1."),
            Mistake("c", "Adding, yes. Doubling doubles the differences, and the largest class gets "
                    "still more. Try the logits 0 and 1."),
            Mistake("d", "One of them does. exp(z + 5) = exp(5) · exp(z): what becomes of the factor "
                    "when you divide by the sum?"),
        ],
        hints=[
            "Take two logits, 0 and 1. Compute both probabilities, then change the logits.",
            "exp(a + b) = exp(a) · exp(b). Which factors stand above and below the line?",
        ],
    ),
    ValueQuestion(
        name="08-steps",
        answer="epochs",
        level="apply",
        minutes=10,
        points=1,
        expected=STEPS // (OWN_SLICES // OWN_BATCH),
        tolerance=1e-6,
        right="The same number of epochs would be a tenth of the steps. So a text should state steps.",
        mistakes=[
            Mistake(EPOCHS, "With as many epochs you get a tenth of the steps: 15 an epoch, and the "
                    "published training had 150."),
            Mistake(STEPS, "That is the number of steps of the published training (and of epochs, if "
                    "your batch were 64). How many steps has one of your epochs with batches of 8?"),
            Mistake(SLICES * EPOCHS // OWN_SLICES, "After that many epochs you have shown as many "
                    "slices. A step is a batch, and yours are smaller."),
            Mistake(SLICES // BATCH // (OWN_SLICES // OWN_BATCH), "That is for one epoch of the "
                    "published training; it had 15."),
        ],
        hints=[
            "How many batches are 9600 slices in batches of 64? Times 15, those are the steps.",
            "One of your epochs has 120 / 8 steps. Divide.",
        ],
    ),
    ValueQuestion(
        name="08-pooled",
        answer="pooled",
        level="apply",
        minutes=15,
        points=2,
        expected=pooled_dice(MATRIX),
        right="A tissue taken for another is no error any more. That is why it is so high.",
        mistakes=[
            Mistake(tissue_dice(MATRIX), "That is the mean of the three tissues. Here they are one "
                    "class: grey matter taken for fluid is tissue, and right."),
            Mistake(_sums_of_right_pixels(MATRIX), "You counted the diagonal as right. Off the "
                    "diagonal, tissue that is called another tissue is right too, now."),
            Mistake(class_dice(MATRIX)[0], "That is the Dice of the background."),
            Mistake(_jaccard(*_POOLED), "That is Jaccard: shared pixels by all pixels of either."),
            Mistake(_POOLED[0] / _POOLED[1], "You divided by the expert's tissue alone: that is the "
                    "recall."),
            Mistake(_POOLED[0] / _POOLED[2], "You divided by the network's tissue alone: that is the "
                    "precision."),
            Mistake(np.trace(MATRIX) / MATRIX.sum(), "That is the accuracy: right pixels by all, the "
                    "background included."),
            Mistake(class_dice(MATRIX).mean(), "That is the mean of four classes, the background "
                    "included."),
        ],
        hints=[
            "Which part of the matrix is tissue for the expert and for the network?",
            "`matrix[1:, 1:]` is tissue for both, `matrix[1:]` for the expert, `matrix[:, 1:]` for the "
            "network.",
        ],
    ),
    FunctionQuestion(
        name="08-mean",
        answer="tissue_dice",
        level="build",
        minutes=15,
        points=2,
        reference=tissue_dice,
        cases=[(MATRIX,), (np.array([[50, 10], [20, 20]]),)],
        draw=drawn_matrix,
        right="Each tissue counts alike, and taking one for another costs both.",
        mistakes=[
            Mistake(lambda matrix: class_dice(matrix).mean(), "Your mean counts the background. It is "
                    "large and easy, and lifts every mean, that of a bad network most."),
            Mistake(pooled_dice, "You pooled the tissues into one class: one tissue taken for another "
                    "counts as right."),
            Mistake(_sums_of_right_pixels, "You added up the tissues before you divided: then the "
                    "largest tissue decides. Take each tissue's Dice, then the mean."),
            Mistake(lambda matrix: (np.diag(matrix) / matrix.sum(axis=1))[1:].mean(), "You divided by "
                    "the expert's pixels alone, the rows: that is the recall."),
            Mistake(lambda matrix: (np.diag(matrix) / matrix.sum(axis=0))[1:].mean(), "You divided by "
                    "the network's pixels alone, the columns: that is the precision."),
            Mistake(lambda matrix: _jaccard(np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1))[
                1:].mean(), "That is the mean Jaccard; Dice divides twice the right pixels by the sum "
                    "of row and column."),
            Mistake(lambda matrix: class_dice(matrix)[1:], "Those are the tissues' values; take their "
                    "mean."),
            Mistake(lambda matrix: class_dice(matrix[1:, 1:]).mean(), "You cut the background off the "
                    "matrix before counting: tissue taken for background, or background for tissue, "
                    "then costs nothing."),
            Mistake(lambda matrix: np.trace(matrix) / matrix.sum(), "That is the accuracy, in which "
                    "the background counts most."),
        ],
        hints=[
            "What both call class k is `matrix[k, k]`. What does the sum of row k count, what that of "
            "column k?",
            "`2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))`; leave out the first.",
        ],
    ),
    FunctionQuestion(
        name="08-entropy",
        answer="weighted_cross_entropy",
        level="build",
        minutes=30,
        points=3,
        reference=weighted_cross_entropy,
        cases=[
            (_EVEN, np.array([0, 1]), np.array([1.0, 1.0])),
            (_EVEN, np.array([0, 1]), np.array([3.0, 3.0])),
            (np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0, 0]), np.array([1.0, 5.0])),
        ],
        draw=drawn_pixels,
        right="The weights shift errors: a class with a large weight is missed less often, and "
              "drawn where it is not more often.",
        mistakes=[
            Mistake(_unweighted, "The weights are missing."),
            Mistake(_by_sum_of_weights, "You divided by the sum of the weights; then weights of 3 do "
                    "the same as weights of 1. The mean over the pixels is asked for."),
            Mistake(_summed, "You summed over the pixels; with the mean, a large image costs as much "
                    "as a small one."),
            Mistake(_overflowing, "With logits of 1000 `np.exp` is infinite, and infinite by infinite "
                    "is not a number. Subtract each pixel's largest logit first: it changes nothing."),
            Mistake(_of_the_answer, "You took the weight of the class that the network would choose; "
                    "the weight belongs to the true class."),
            Mistake(_over_pixels, "Your softmax runs over the pixels. It shares out one pixel's "
                    "probability among its classes: `axis=1`, with `keepdims=True`."),
            Mistake(_all_classes, "You summed over all classes; only the true class of a pixel counts."),
            Mistake(_of_the_largest, "You took the class with the largest logit as the true one: then "
                    "a network that is wrong and sure costs nothing."),
            Mistake(lambda logits, truth, weights: -weighted_cross_entropy(logits, truth, weights),
                    "The sign is wrong: the logarithm of a probability is negative, a cost positive."),
            Mistake(lambda logits, truth, weights: weighted_cross_entropy(logits, truth, weights)
                    / np.log(2), "That is in bits, with the logarithm to base 2. Take `np.log`."),
            Mistake(lambda logits, truth, weights: weights[truth] * _costs(logits, truth), "Those are "
                    "the costs of the pixels; take their mean."),
        ],
        hints=[
            "First the log-probabilities: `shifted = logits - logits.max(axis=1, keepdims=True)`, then "
            "`shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))`.",
            "`log_p[np.arange(len(truth)), truth]` picks each pixel's true class, `weights[truth]` its "
            "weight.",
        ],
    ),
]  # fmt: skip
