"""The commands of ``python -m seglib``, a module each, and what they share."""
