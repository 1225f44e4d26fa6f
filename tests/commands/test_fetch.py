"""`fetch`: a download, or the way to a set that cannot be passed on."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seglib.commands.main import main
from seglib.datasets import SOURCES, archive, download, oasis
from seglib.phantoms import brain
from seglib.slices import PARTS


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A brain phantom in the published layout, 256x256."""
    folder = tmp_path_factory.mktemp("copy") / "slices"
    brain.write(brain.make(patients=3, slices=2), folder)
    return folder


def test_fetch_says_where_the_slices_are_to_be_had(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path))
    assert main(["fetch", "oasis"]) == 0
    text = capsys.readouterr().out
    for words in ("oasis-brains.org", "agreement", "neurite-oasis", "seg_001_slice_0.nii.png"):
        assert words in text
    assert str(tmp_path / "oasis") in text


def test_fetch_checks_a_copy(copy, capsys):
    assert main(["fetch", "oasis", str(copy)]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = {line.split()[0]: line.split()[1:] for line in lines if line.split()}
    slices = oasis.load(copy)
    for part in PARTS:
        masks = slices.masks[slices.table["part"] == part]
        assert found[part][:2] == ["2", "1"]
        shares = [f"{np.mean(masks == k):.4f}" for k in range(4)]
        assert found[part][2:] == shares
    assert any("published: 0.1317 and 0.1864" in line for line in lines)
    assert any(line.startswith("brain phantom: 6 slices of 3 cases") for line in lines)
    assert not any(line.startswith("Careful") for line in lines)


def test_fetch_finds_a_copy_where_data_sets_are_looked_for(copy, tmp_path, monkeypatch, capsys):
    copy_there = tmp_path / "oasis"
    brain.write(brain.make(patients=3, slices=1), copy_there)
    monkeypatch.setenv("SEGLIB_DATA_DIR", str(tmp_path))
    assert main(["fetch", "oasis"]) == 0
    assert f"Checking {copy_there}" in capsys.readouterr().out


def test_fetch_notices_labels_in_another_order(tmp_path, capsys):
    folder = tmp_path / "slices"
    brain.write(brain.make(patients=3, slices=1), folder)
    for path in folder.glob("keras_png_slices_seg_*/*.png"):
        mask = np.asarray(Image.open(path))
        Image.fromarray(np.choose(mask // 85, [0, 255, 170, 85]).astype(np.uint8)).save(path)
    assert main(["fetch", "oasis", str(folder)]) == 0
    assert "Careful" in capsys.readouterr().out


def test_fetch_refuses_a_bad_copy_and_options_of_the_other_data_set(copy, tmp_path, capsys):
    assert main(["fetch", "oasis", str(tmp_path)]) == 1
    assert "keras_png_slices_train: no such folder" in capsys.readouterr().err
    assert main(["fetch", "oasis", "--to", str(copy)]) == 1
    assert "cannot be downloaded" in capsys.readouterr().err
    for name in ("sunnybrook", "msd_heart"):
        assert main(["fetch", name, str(copy)]) == 1
        assert "write --to" in capsys.readouterr().err


def test_fetch_downloads_to_the_folder_that_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(download, "fetch_sunnybrook", lambda folder: folder)
    assert main(["fetch", "sunnybrook", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"sunnybrook is in {tmp_path}\n"


def test_fetch_names_the_licence_of_the_atria(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(archive, "fetch_msd_heart", lambda folder: folder)
    assert main(["fetch", "msd_heart", "--to", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "CC BY-SA 4.0" in text and "Antonelli" in text
    assert text.endswith(f"msd_heart is in {tmp_path}\n")


def test_fetch_downloads_what_is_called_public(capsys):
    public = {key for key, source in SOURCES.items() if source.public}
    with pytest.raises(SystemExit):
        main(["fetch", "--help"])
    text = capsys.readouterr().out
    assert public == {"sunnybrook", "msd_heart"}
    assert "{sunnybrook,msd_heart,oasis}" in text
