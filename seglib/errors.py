"""The errors that a user of seglib can cause, and therefore can mend."""


class SeglibError(Exception):
    """Something the user gave is wrong; the message says what, and what to do."""


class DataError(SeglibError):
    """A file or folder is missing, unreadable, or not what was expected."""


class WriteError(DataError):
    """A file cannot be written: there is no room for it, or no permission."""


class LeakError(SeglibError):
    """The same patient, source image or picture stands on two sides of a split."""


class ModelFileError(SeglibError):
    """A model file is missing, unreadable, or was not written by seglib."""


class PackageError(SeglibError):
    """A package that is needed is absent and could not be installed."""
