"""Several devices train to what one device gives: two halves of a processor, two processes."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from seglib import training
from seglib.errors import SeglibError
from seglib.files import REPOSITORY
from seglib.phantoms import heart
from seglib.recipes.recipe import get_recipe
from seglib.training.devices import BACKENDS, Devices, open_devices

SCRIPT = Path(__file__).with_name("train_on_devices.py")
JAX = importlib.util.find_spec("jax") is not None


def start(folder: Path, log: str, *runs: str, **environment: str) -> subprocess.Popen:
    """Start `train_on_devices` in a process of its own; what it says goes to the file `log`."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SEGLIB_PROGRESS_FILE": str(folder / "progress"),
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
        **environment,
    }
    command = [sys.executable, str(SCRIPT), str(folder), *runs]
    with (folder / log).open("w") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file)


def free_addresses(number: int) -> list[str]:
    """Addresses on this machine where nobody listens."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder where all processes have written what they trained, at the same time."""
    folder = tmp_path_factory.mktemp("devices")
    (folder / "jax").mkdir()
    mirrored = ("none-normed", "mirrored-normed", "mirrored-steps", "mirrored-steps-cut")
    processes = [start(folder, "mirrored.log", *mirrored)]
    cluster = {"worker": free_addresses(2)}
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        log = f"worker{index}.log"
        several = ("multi_worker-steps", "multi_worker-steps-cut")
        processes.append(start(folder, log, *several, TF_CONFIG=json.dumps(task)))
    if JAX:
        flags = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
        flags["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"
        both = ("none-normed", "data_parallel-normed", "data_parallel-normed-cut")
        processes.append(start(folder / "jax", "jax.log", *both, **flags))
    failed = [process.args for process in processes if process.wait(timeout=900)]
    logs = [log.read_text()[-2000:] for log in folder.rglob("*.log")]
    assert not failed, "\n".join(logs)
    return folder


def check_same(one: Path, other: Path) -> None:
    """Weights and history agree but for rounding; both learned something."""
    first, second = np.load(one), np.load(other)
    np.testing.assert_allclose(second["weights"], first["weights"], atol=1e-5)
    np.testing.assert_allclose(second["history"], first["history"], atol=1e-5)
    assert first["history"][:, 1:].min() > 0


@pytest.mark.slow
def test_two_devices_of_a_machine_give_what_one_gives(trained):
    check_same(trained / "none-normed.npz", trained / "mirrored-normed.npz")


@pytest.mark.slow
def test_two_processes_give_what_one_gives_and_the_chief_keeps_the_run(trained):
    chief, other = (trained / f"multi_worker-steps{index}.npz" for index in range(2))
    check_same(trained / "mirrored-steps.npz", chief)
    for key in np.load(chief):
        assert np.array_equal(np.load(chief)[key], np.load(other)[key]), key
    folder = Path(str(np.load(chief)["path"]))
    assert {file.name for file in folder.iterdir()} == {
        "model.keras",
        "history.csv",
        "manifest.json",
    }
    assert len(list(folder.parent.glob(f"{folder.name}*"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "mirrored-steps",
        "multi_worker-steps0",
        "multi_worker-steps1",
        pytest.param(
            "jax/data_parallel-normed",
            marks=pytest.mark.skipif(not JAX, reason="jax is not installed"),
        ),
    ],
)
def test_a_training_on_several_devices_goes_on_where_it_was(trained, name):
    """Bit for bit what it is without an interruption, on all workers."""
    uncut = np.load(trained / f"{name}.npz")
    cut = np.load(trained / f"{name.replace('steps', 'steps-cut').replace('med', 'med-cut')}.npz")
    np.testing.assert_array_equal(cut["weights"], uncut["weights"])
    np.testing.assert_array_equal(cut["history"], uncut["history"])
    assert Path(str(cut["path"])).parent.name == "cut"


@pytest.mark.slow
def test_the_manifest_names_the_strategy_and_another_makes_another_run(trained):
    stored = {name: np.load(trained / f"{name}.npz") for name in ("none-normed", "mirrored-normed")}
    none, mirrored = (json.loads(str(run["manifest"])) for run in stored.values())
    assert (mirrored["strategy"], mirrored["replicas"]) == ("mirrored", 2)
    assert "strategy" not in none and "replicas" not in none
    assert none["run"] != mirrored["run"]


@pytest.mark.slow
@pytest.mark.skipif(not JAX, reason="jax is not installed")
def test_two_devices_of_jax_give_what_one_gives(trained):
    check_same(trained / "jax" / "none-normed.npz", trained / "jax" / "data_parallel-normed.npz")


def test_a_batch_that_the_devices_cannot_share_is_refused():
    Devices("mirrored", 4).check_batch(8)
    with pytest.raises(SeglibError, match="batch of 6 cannot be shared evenly by 4 devices"):
        Devices("mirrored", 4).check_batch(6)


@pytest.mark.parametrize("number", [4, 5, 6])
def test_validation_gives_each_device_as_much_and_each_slice_the_same_weight(number):
    slices = heart.make(patients=1, slices=3, size=32).take(range(number))
    shared, size = Devices("mirrored", 4).validation(slices, 6)
    assert size % 4 == 0 and len(shared) % 4 == 0
    _, counts = np.unique(shared.table["source"], return_counts=True)
    assert len(counts) == number and len(set(counts)) == 1
    assert Devices().validation(slices, 6) == (slices, 6)


def test_one_device_has_the_identity_it_always_had():
    assert open_devices() == open_devices("none") == Devices()
    assert Devices().identity() == {}


def test_strategies_that_cannot_be_used_are_refused(monkeypatch, tmp_path):
    slices = heart.make(patients=1, slices=2, size=32)
    with pytest.raises(SeglibError, match="no strategy 'horovod'; choose from none, mirrored"):
        training.train(get_recipe("unet"), slices, runs_dir=tmp_path, strategy="horovod")
    wrong = next(name for name, needed in BACKENDS.items() if needed != keras.backend.backend())
    with pytest.raises(SeglibError, match=f"{wrong} needs Keras on {BACKENDS[wrong]}, found"):
        open_devices(wrong)
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs Keras on TensorFlow")
@pytest.mark.parametrize("text", ["", "{}", '{"cluster": {"worker": ["a:1"]}}', "[1]", "none"])
def test_several_machines_need_a_tf_config(text, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(SeglibError, match="needs the environment variable TF_CONFIG, found"):
        open_devices("multi_worker")
