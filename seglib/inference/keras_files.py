"""Inside a ``.keras`` file, a zip archive: entries read with care, for every allowed Keras."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

#: Keras' own entry that describes the network.
CONFIG = "config.json"

#: Most bytes that are read of an entry: a small file may hold an endless one.
MOST = 2**20

#: The same for `CONFIG`; a hundred layers take about 150 kB.
MOST_CONFIG = 2**24


#: What Keras says of a class today and did not when requirements.txt begins, with the value
#: that means "as before". Left out, every allowed version reads the file and builds the same.
ADDED = {
    "BatchNormalization": {"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99},
} | dict.fromkeys(  # since 3.14 the one above, since 3.15 the ones below
    [
        "VarianceScaling",
        *(f"{who}{how}" for who in ("Glorot", "He", "Lecun") for how in ("Normal", "Uniform")),
    ],
    {"input_axes": None, "output_axes": None},
)


def as_before(node: dict) -> dict:
    """One object of a configuration without what `ADDED` names; other values are kept."""
    if not str(node.get("module")).startswith("keras.") or not isinstance(node.get("config"), dict):
        return node
    added = ADDED.get(str(node.get("class_name")), {})
    config = {
        key: value
        for key, value in node["config"].items()
        if key not in added or value != added[key]
    }
    return node | {"config": config}


def copy_with(archive: zipfile.ZipFile, target: Path, config: object) -> None:
    """Write a Keras file anew, every entry as it is but for the configuration."""
    with zipfile.ZipFile(target, "w") as copy:
        for entry in archive.infolist():
            named = zipfile.ZipInfo(entry.filename, entry.date_time)
            named.compress_type = entry.compress_type
            if entry.filename == CONFIG:
                copy.writestr(named, json.dumps(config))
                continue
            named.file_size = entry.file_size  # past 2 GiB it has another form
            with archive.open(entry) as source, copy.open(named, "w") as file:
                shutil.copyfileobj(source, file)


def read_json(
    archive: zipfile.ZipFile, name: str, most: int, hook: Callable[[dict], dict] | None = None
) -> object:
    """What an entry of a model file holds, of which no more than `most` bytes are read.

    Args:
        archive: The open file.
        name: Of the entry.
        most: Bytes.
        hook: Applied to each object in the entry, innermost first.

    Raises:
        ValueError: The entry is larger, by what it states or by what comes, or is not JSON.
    """
    with archive.open(name) as file:
        data = file.read(most + 1)
    if max(len(data), archive.getinfo(name).file_size) > most:
        raise ValueError(f"{name} takes more than {most >> 20} MiB")
    try:
        return json.loads(data, object_hook=hook)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not JSON: {error}") from error


def written_by(archive: zipfile.ZipFile) -> str | None:
    """The version of Keras that wrote a file, where it says so."""
    try:
        metadata = read_json(archive, "metadata.json", MOST)
    except (KeyError, ValueError):  # it has no say in what the network is
        return None
    found = metadata.get("keras_version") if isinstance(metadata, dict) else None
    is_version = isinstance(found, str) and re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", found)
    return found if is_version else None


def why_unreadable(path: Path, written: str | None, error: Exception) -> str:
    """What to say of a file that could not be read: most often its Keras is too new."""
    import keras

    def numbers(version: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", version)]

    here = keras.__version__
    if written is None or numbers(written) <= numbers(here):
        return f"{path} is not a readable .keras model file: {error}"
    reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]  # Keras': a page
    return (
        f"{path} was written by Keras {written}, and installed here is Keras {here}, which cannot "
        f"read it ({reason:.300}). Install that version: pip install keras=={written}; or where it "
        "is installed, load the file and write it anew with seglib.save_model."
    )
