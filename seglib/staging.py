"""Results that appear complete, once or not at all, and a look beforehand whether they can."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from seglib.errors import DataError
from seglib.files import CHOOSE_RESULTS, make_folder, results_dir, writing


def check_output(output: Path, *inputs: Path, ending: str = "") -> None:
    """Make sure, before hours of work, that its results can be written and replace no input.

    Nothing is left behind.

    Args:
        output: What the user named with ``--output``.
        inputs: Files and folders that the work reads; the output may not lie in them.
        ending: Of the file that is to be written; without it, `output` is a folder.

    Raises:
        DataError: The output is of the wrong kind, lies in an input, or cannot be written.
    """
    if ending and (output.suffix != ending or os.path.isdir(output)):
        raise DataError(f"--output {output}: expected a file that ends in {ending}")
    # Not Path.resolve, which fails at a loop of links.
    place = Path(os.path.realpath(output))
    for path in inputs:
        if place.is_relative_to(os.path.realpath(path)):
            raise DataError(
                f"--output {output}: lies in {path}, whose files are read; name a place outside, "
                "so that none of them is replaced, or taken for an input the next time"
            )
    require_writable(output, "name another place with --output", folder=not ending)


def check_results() -> None:
    """Make sure, before a training, that its record can be kept in `reporting.results_dir`.

    Raises:
        DataError: It cannot.
    """
    require_writable(results_dir(), CHOOSE_RESULTS, folder=True)


def require_writable(path: Path, remedy: str, *, folder: bool) -> None:
    """Write a small file aside, below as many new folders as `path` needs, and remove it all.

    Args:
        path: The file or folder that shall be written.
        remedy: What to do if it cannot be, for the message.
        folder: Whether it is a folder.

    Raises:
        DataError: It cannot be written.
    """
    home = _home(path if folder else path.parent, remedy)
    try:
        # Apart from everything else, so that programs that start together do not meet.
        with tempfile.TemporaryDirectory(dir=home, prefix=".seglib-") as aside:
            trial = Path(aside) / path.relative_to(home)
            trial = trial / "file" if folder else trial
            trial.parent.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"seglib")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); {remedy}") from error


def _home(folder: Path, remedy: str) -> Path:
    """The folder itself if it is there, else the nearest one above it.

    Args:
        folder: Where results shall be.
        remedy: What to do if they cannot, for the message.

    Raises:
        DataError: What is there is no folder.
    """
    # Not Path.exists, which fails where a name is too long.
    home = next((f for f in (folder, *folder.parents) if os.path.lexists(f)), folder)
    if not os.path.isdir(home):
        raise DataError(f"{home}: expected a folder, found a file; {remedy}, or move the file")
    return home


def check_targets(output: Path, names: Iterable[Path]) -> None:
    """Refuse files that would need a name that something else has.

    Args:
        output: The folder that the files shall be in.
        names: Their paths inside it.

    Raises:
        DataError: A folder has the name of a file, or a file the name of a folder.
    """
    names = set(names)
    folders = {folder for name in names for folder in name.parents} - {Path()}
    for name in sorted(names):
        if name in folders or os.path.isdir(output / name):
            raise DataError(
                f"{output / name}: is the name of a folder, and of a file to be written; rename "
                "one of them, or name another folder for the results"
            )
    for folder in sorted(folders):
        if os.path.lexists(output / folder) and not os.path.isdir(output / folder):
            raise DataError(
                f"{output / folder}: is a file, and a folder of results shall have this name; "
                "move the file, or name another folder for the results"
            )


@contextmanager
def staged_folder(output: Path) -> Iterator[Path]:
    """Give an empty folder to write into; its files reach `output` only at the end.

    If the block raises, or a file cannot be put in its place, whatever was written is
    removed, and `output` is as it was: not made if it was not there. Files of the same
    names are replaced; others stay.

    Args:
        output: The folder that the results shall be in.

    Yields:
        The empty folder.

    Raises:
        DataError: `output` is a file, or cannot be written to.
    """
    # Inside an existing folder, else in the nearest one above it: then both lie on one
    # disk, even where the output is a mounted one, and a rename is enough.
    home = _home(output, "name a folder for the results")
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix=".seglib-", suffix=".part") as aside:
            new, old = Path(aside) / "new", Path(aside) / "old"
            new.mkdir()
            old.mkdir()
            yield new
            names = [f.relative_to(new) for f in sorted(new.rglob("*")) if f.is_file()]
            check_targets(output, names)
            _move(new, output, names, old)
    except BrokenPipeError:  # of a progress bar that nobody sees
        raise
    except OSError as error:
        raise DataError(
            f"cannot write to {output}: {error.strerror or error}; name another folder"
        ) from error


def _move(source: Path, output: Path, names: list[Path], old: Path) -> None:
    """Move files from one folder to another; if one cannot be moved, undo all.

    Args:
        source: Where they are.
        output: Where they shall be.
        names: Their paths inside both.
        old: An empty folder, for the files that they replace.
    """
    with ExitStack() as undo:
        for number, name in enumerate(names):
            target = output / name
            missing = [f for f in target.parents if not os.path.lexists(f)]
            for folder in reversed(missing):
                folder.mkdir()
                undo.callback(folder.rmdir)
            if os.path.lexists(target):
                os.replace(target, old / str(number))
                undo.callback(partial(os.replace, old / str(number), target))
            os.replace(source / name, target)
            undo.callback(partial(os.replace, target, source / name))
        undo.pop_all()


@contextmanager
def made_once(folder: Path, last: str) -> Iterator[bool]:
    """Hold a folder that several processes may want to fill at the same time.

    One that comes while another works in it waits, and finds it finished. The system frees
    the lock of a process that ends, however it ends.

    Args:
        folder: It is made if missing.
        last: The file that is written last: with it the folder is finished.

    Yields:
        Whether the folder is finished.

    Raises:
        WriteError: The folder cannot be made or written to.
    """
    from filelock import FileLock, Timeout  # here: most who write need no lock

    def finished() -> bool:
        return (folder / last).is_file()

    if finished():
        yield True
        return
    lock = make_folder(folder) / ".lock"
    with writing(folder):
        held = FileLock(lock)
        try:
            held.acquire(timeout=0)
        except Timeout:
            print(f"{folder.name} is being made by another process: waiting for it", flush=True)
            held.acquire()
    try:
        yield finished()
    finally:
        held.release()
        if finished():  # nobody fills it again, so nobody needs the lock
            lock.unlink(missing_ok=True)
