"""How long a training step waits for its data: the default recipe, 16 filters, 96x96, batch 8.

The first contender is fed one prepared batch again and again; the others make each batch while
they train, as `seglib.training.train` has it. One minus their ratio is the share of a step that
making the data costs, what it takes from the network's processor cores among it.
"""

from __future__ import annotations

from functools import partial

from benchmarks.contender import Benchmark, Contender, Ready
from benchmarks.fitting import fitting, repeated

#: Steps of an epoch, about as many as the 15 training patients of Sunnybrook have slices for.
STEPS = 33
PREPARED, STUDY, PAIRED = "prepared", "study", "paired"


def _batches(recipe, way: str):
    """A `keras.utils.PyDataset` of `STEPS` batches."""
    from seglib.batches.image_data_generator import PUBLISHED_RANGES, PairedGenerator
    from seglib.batches.slices import SliceSequence
    from seglib.phantoms import heart

    pairs = heart.make(patients=STEPS, slices=recipe.batch_size // 2, size=256)
    if way == PAIRED:
        return PairedGenerator(pairs, recipe.preprocessing, recipe.batch_size, **PUBLISHED_RANGES)
    made = SliceSequence(
        pairs, recipe.preprocessing, recipe.batch_size, recipe.augmentation, shuffle=True
    )
    if way == STUDY:
        return made
    return repeated(made[0], STEPS)


def training(way: str) -> Ready:
    """Epochs of `STEPS` steps on the backend of the environment; `Ready.work` counts images."""
    from seglib.preprocessing.steps import Preprocessing
    from seglib.recipes.recipe import get_recipe
    from seglib.training.compile import compile_model

    recipe = get_recipe("unet", preprocessing=Preprocessing(size=96))
    batches = _batches(recipe, way)
    _, fitted = compile_model(recipe, (96, 96, 1), 1, total_steps=1000)
    return fitting(fitted, batches, len(batches) * recipe.batch_size)


BENCHMARK = Benchmark(
    module=__name__,
    title="Training with data made meanwhile, 96x96, batch 8",
    items="images",
    contenders=(
        Contender("one prepared batch", partial(training, PREPARED)),
        Contender("seglib, the study's augmentation", partial(training, STUDY)),
        Contender("ImageDataGenerator, paired", partial(training, PAIRED)),
    ),
)
