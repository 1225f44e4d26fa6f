"""Fetching the public archive of the Decathlon's hearts: pinned, checked, resumable.

One large file, where Sunnybrook is many small ones (`seglib.datasets.download`). Of the archive
only the labelled volumes are kept.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pooch
import requests
from tqdm.auto import tqdm

from seglib.datasets import msd_heart
from seglib.datasets.download import RETRIES, TIMEOUT_SECONDS, explain
from seglib.errors import DataError, WriteError
from seglib.files import REPOSITORY

#: What a broken connection loses at most.
BLOCK_BYTES = 2**16


@dataclass(frozen=True)
class Archive:
    """A file on a server that never changes.

    Attributes:
        url: Its address.
        sha256: Its checksum, 64 hexadecimal digits.
        size: Its bytes.
    """

    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


#: The copy among Amazon's open data, which MONAI reads too: its `DecathlonDataset` has the same
#: address and the MD5 06ee59366e1e5124267b774dbd654057 of the same file.
MSD_HEART = Archive(
    "https://msd-for-monai.s3-us-west-2.amazonaws.com/Task02_Heart.tar",
    "4277dc6dfe100142aa8060e895f6ff0f81c5b733703ea250bd294df8f820bcba",
    455_721_472,
)

LICENCE = """\
Medical Segmentation Decathlon, Task02_Heart, is licensed under CC BY-SA 4.0: name Antonelli et al.
2022, The Medical Segmentation Decathlon (doi.org/10.1038/s41467-022-30695-9), and pass on under the
same licence what you make of it."""


def fetch_msd_heart(destination: str | Path | None = None, archive: Archive = MSD_HEART) -> Path:
    """Download Task02_Heart.tar (456 MB) and unpack its 20 labelled volumes.

    An interrupted download goes on where it stopped. Everything is built aside (``NAME.part``)
    and gets its name when it is complete; the archive itself is not kept.

    Args:
        destination: Folder that shall hold ``Task02_Heart/``. Default: ``data/raw/msd_heart``.
        archive: What to download.

    Returns:
        The folder. One that is complete already is left as it is.

    Raises:
        NetworkError: The server cannot be reached.
        WriteError: The disk has no room, or no permission is given. What has come is kept.
        DataError: The folder is there and holds something else, the server sends another file
            than expected, or the archive is damaged or holds what it should not. Nothing of such
            an archive is kept.

    Source: registry.opendata.aws/msd (CC BY-SA 4.0).
    """
    destination = Path(destination or REPOSITORY / "data" / "raw" / "msd_heart")
    if _is_there(destination):
        return destination
    aside = destination.with_name(destination.name + ".part")
    _require_space(aside, archive.size)
    tar = _download(archive, aside)
    unpacked = aside / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)  # of a run that was stopped
    try:
        unpack(tar, unpacked)
        # Its list and its files agree, or an error is raised.
        msd_heart.listed_subjects(unpacked / msd_heart.FOLDER)
    except WriteError:
        shutil.rmtree(unpacked, ignore_errors=True)  # the archive stays: with room it goes on
        raise
    except DataError:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    if destination.exists():
        destination.rmdir()  # it is empty
    os.replace(unpacked, destination)
    shutil.rmtree(aside, ignore_errors=True)
    return destination


def _is_there(destination: Path) -> bool:
    """Whether a folder holds the complete set; False where there is none, or an empty one."""
    if not destination.exists() or (destination.is_dir() and not any(destination.iterdir())):
        return False
    try:
        msd_heart.listed_subjects(destination / msd_heart.FOLDER)
    except DataError as error:
        raise DataError(
            f"{destination} is there but does not hold the whole set ({error}); move it away, or "
            "name another folder with --to"
        ) from error
    return True


def _require_space(aside: Path, size: int) -> None:
    """Ask for twice the archive before the download: it and what is unpacked lie there at once.

    Raises:
        WriteError: The disk has less, or the folder cannot be made.
    """
    try:
        aside.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{aside}: cannot be written ({error}); choose another folder") from error
    here = sum(path.stat().st_size for path in aside.iterdir() if path.is_file())
    free = shutil.disk_usage(aside).free
    if free + here < 2 * size:
        raise WriteError(
            f"{aside}: {free / 1e6:.0f} MB are free, {(2 * size - here) / 1e6:.0f} MB are needed; "
            "free some, or name a folder on another disk with --to"
        )


class _Resuming:
    """For pooch: a download that keeps what has come, and asks only for the rest."""

    def __init__(self, part: Path):
        self.part = part

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Download into `part`, then move it to where pooch checks it."""
        begun = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={begun}-"}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_SECONDS) as answer:
            # 416: nothing comes after what is here. Its checksum tells whether that is right.
            if answer.status_code != requests.codes.requested_range_not_satisfiable:
                answer.raise_for_status()
                self._write(answer, begun)
        os.replace(self.part, output_file)

    def _write(self, answer: requests.Response, begun: int) -> None:
        if answer.status_code != requests.codes.partial_content:
            begun = 0  # a server that sends everything again
        rest = int(answer.headers.get("Content-Length", 0))
        bar = tqdm(
            desc=self.part.stem,
            unit="B",
            unit_scale=True,
            initial=begun,
            total=begun + rest or None,
        )
        with bar, open(self.part, "ab" if begun else "wb") as file:
            for block in answer.iter_content(BLOCK_BYTES):
                file.write(block)
                bar.update(len(block))


def _download(archive: Archive, folder: Path) -> Path:
    """The archive in a folder, complete and with the right checksum."""
    files = pooch.create(
        path=folder,
        base_url="",
        registry={archive.name: archive.sha256},
        urls={archive.name: archive.url},
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("WARNING")
    try:
        part = folder / f"{archive.name}.part"
        return Path(files.fetch(archive.name, downloader=_Resuming(part)))
    except Exception as error:
        raise explain(error, archive.name, files, "msd_heart") from error


def unpack(tar: Path, folder: Path) -> None:
    """Unpack the list and the labelled volumes of Task02_Heart.tar.

    Each file is written under a name that is made here, and no name, owner, mode or link of the
    archive's own reaches the disk. Volumes without label and macOS's ``._`` files stay out.

    Raises:
        DataError: The archive cannot be read, or holds a link, a device or a path that leads out
            of its folder.
        WriteError: There is no room, or no permission.
    """
    try:
        with tarfile.open(tar, "r:") as members:
            for member in members:
                wanted = _wanted(member)
                if wanted is not None:
                    target = folder / wanted
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with members.extractfile(member) as source, open(target, "wb") as file:
                        shutil.copyfileobj(source, file, BLOCK_BYTES)
    except tarfile.TarError as error:
        raise DataError(f"{tar.name} is not a readable tar archive ({error})") from error
    except OSError as error:
        raise WriteError(f"{folder}: cannot be written ({error})") from error


def _wanted(member: tarfile.TarInfo) -> PurePosixPath | None:
    """Where a member of the archive goes; None for one that is left out."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise DataError(
            f"the archive holds {member.name!r}, which is no file or folder within it; it is not "
            "unpacked, for no archive of this set has such a thing"
        )
    if member.isdir() or path.name.startswith("."):
        return None
    wanted = path.parts[:1] == (msd_heart.FOLDER,) and (
        path.parts[1:] == ("dataset.json",)
        or (
            len(path.parts) == 3
            and path.parts[1] in ("imagesTr", "labelsTr")
            and path.name.endswith(".nii.gz")
        )
    )
    return path if wanted else None
