"""Fetching the public copy of the Sunnybrook PNG pairs: pinned, checked, resumable."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pooch
import requests
from tqdm.auto import tqdm

from seglib.datasets.locations import VARIABLE
from seglib.errors import DataError, WriteError
from seglib.files import REPOSITORY

#: The commits are pinned, so the files can never change under the checksums.
PAIRS_URL = (
    "https://raw.githubusercontent.com/mshunshin/SegNetCMR/"
    "1f41bb8bf653cafa02af7914c12d5e6b248359f9/"
)
PATIENTS_URL = (
    "https://raw.githubusercontent.com/cargonriv/cardiac-imaging-AI/"
    "f9ec16f0a184b491a24c2848547ce1f4d5dc20e2/"
)
PATIENTS_FILE = "scd_patientdata.csv"

#: One line a file: SHA-256, two spaces, path below the Sunnybrook folder.
CHECKSUMS = REPOSITORY / "data" / "sunnybrook.sha256"

THREADS = 8
TIMEOUT_SECONDS = 15
RETRIES = 1


class NetworkError(DataError):
    """The server could not be reached at all."""


def read_checksums(path: Path = CHECKSUMS) -> dict[str, str]:
    """Read a checksum list into ``{path: SHA-256}``.

    Raises:
        DataError: The list is missing, or a line has another form.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such checksum list; work in a full copy of the repository")
    registry = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        checksum, _, name = line.partition("  ")
        if len(checksum) != 64 or not name:
            raise DataError(f"{path}, line {number}: expected '<sha256>  <path>', found {line!r}")
        registry[name] = checksum
    return registry


def fetch_sunnybrook(
    destination: str | Path | None = None,
    base_url: str | None = None,
    registry: dict[str, str] | None = None,
) -> Path:
    """Download the Sunnybrook PNG pairs (1611 files, about 35 MB).

    Files that are there with the right checksum are kept, so an interrupted download goes
    on where it stopped. A new folder is built aside (``NAME.part``) and gets its name
    when it is complete.

    Args:
        destination: Folder to fill. Default: ``data/raw/sunnybrook``.
        base_url: Where the paths of the registry are found. Default: the pinned commits.
        registry: ``{path: SHA-256}`` of the wanted files. Default: ``data/sunnybrook.sha256``.

    Returns:
        The filled folder.

    Raises:
        NetworkError: The server cannot be reached.
        DataError: The server lacks a file, or a file has another checksum than expected; such
            a file is not kept.

    Source: github.com/mshunshin/SegNetCMR and github.com/cargonriv/cardiac-imaging-AI (CC0 1.0).
    """
    destination = Path(destination or REPOSITORY / "data" / "raw" / "sunnybrook")
    registry = read_checksums() if registry is None else registry
    folder = destination
    if not destination.exists():
        folder = destination.with_name(destination.name + ".part")
    urls = {}
    if base_url is None and PATIENTS_FILE in registry:
        urls[PATIENTS_FILE] = PATIENTS_URL + PATIENTS_FILE
    files = pooch.create(
        path=folder,
        base_url=(base_url or PAIRS_URL).rstrip("/") + "/",
        registry=registry,
        urls=urls,
        retry_if_failed=RETRIES,
    )
    try:
        # Made beforehand: pooch's threads would run into each other making the same folder.
        for parent in {(folder / name).parent for name in registry}:
            parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error}); choose another folder") from error
    pooch.get_logger().setLevel("WARNING")  # one line a file would bury the progress bar
    _fetch_all(files)
    if folder != destination:
        os.replace(folder, destination)
    return destination


def _fetch_all(files: pooch.Pooch) -> None:
    """Fetch every file of the registry; the first failure stops the rest."""
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS)
    pool = ThreadPoolExecutor(THREADS)
    names = {pool.submit(files.fetch, name, downloader=downloader): name for name in files.registry}
    try:
        with tqdm(total=len(names), desc="Sunnybrook", unit="file") as bar:
            for done in as_completed(names):
                try:
                    done.result()
                except Exception as error:
                    raise explain(error, names[done], files, "sunnybrook") from error
                bar.update()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def explain(error: Exception, name: str, files: pooch.Pooch, key: str) -> Exception:
    """What a failed download means for the user; other errors come back as they are.

    Args:
        error: What pooch let out.
        name: The file in the registry.
        files: The registry.
        key: The data set's, which is also the name of its folder.
    """
    url = files.get_url(name)
    again = "run the same command again later: what has come is kept"
    if isinstance(error, (requests.ConnectionError, requests.Timeout)):
        return NetworkError(
            f"{url}: the server cannot be reached. Check the network and {again}; or copy the "
            f"data from elsewhere and set {VARIABLE} to the folder that holds {key}/"
        )
    if isinstance(error, requests.RequestException):
        return DataError(f"{url}: the download failed ({error}); {again}")
    if isinstance(error, ValueError):
        return DataError(
            f"{name}: the downloaded file does not have the expected SHA-256 "
            f"{files.registry[name]}, so it was not kept. The server or a proxy sent something "
            f"else from {url}; run the same command again later"
        )
    if isinstance(error, OSError):
        return WriteError(f"{files.path / name}: cannot be written ({error})")
    return error
