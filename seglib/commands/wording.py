"""What the library says, in the words of the command line's options."""

from __future__ import annotations

#: What the library says to those who call it, and what the command line calls the same.
IN_OPTIONS = {
    "patient_pattern": "--patients",
    "pass size (e.g. size=256) to bring": "use --size (e.g. --size 256) to bring",
    'images and masks in one folder need mask_suffix, e.g. mask_suffix="_mask" for 03.png and '
    "03_mask.png": "holds images and masks; move the masks into a folder of their own, each "
    "under the name of its image",
    "hold out other patients, or none": "try another --seed, or --no-validation",
    "give one, or set patience=0 and another schedule": "leave out --no-validation and give "
    "5 patients or more, or train another recipe",
    "Lower the recipe's learning_rate, ": "Try another --seed, or another recipe; this one's "
    "learning rate is ",
    "use cross_entropy instead": "choose a recipe with cross_entropy (python -m seglib recipes) "
    "instead",
    "use bce instead": "choose a recipe with bce (python -m seglib recipes) instead",
    "there is nothing to balance": "this recipe needs both kinds; train another one",
    "make the patch smaller": "make the images larger with --size, or train another recipe",
    "build it in float32 and with fixed sides, and give it the weights of this one: "
    "new.set_weights(old.get_weights())": "train it in float32 and with a --crop above 0, which "
    "fixes the sides",
}


def in_options(message: str) -> str:
    """A message of the library in the words of the command line."""
    for words, options in IN_OPTIONS.items():
        message = message.replace(words, options)
    return message
