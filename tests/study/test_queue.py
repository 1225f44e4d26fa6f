"""The cluster's queue: what may run at once, what is sent, what becomes of it."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import study
from seglib.files import REPOSITORY
from seglib.recipes.recipe import get_recipe
from seglib.splits.patients import Split
from study import queue, runner
from study.experiment import Experiment
from study.jobs import Job
from study.process import JobProcess
from study.questions import EXPERIMENTS, audit, heart

SINGLE = Job(
    "trial", "unet", "fold1", 1, get_recipe("unet", "smoke"), Split("all", ("A", "C"), (), ("B",))
)
OTHER_FOLD = replace(SINGLE, fold="fold2", split=Split("other", ("A",), (), ("B",)))

#: Run a first time it is preempted as SLURM does it: all processes get a SIGTERM as a
#: warning, and later the signal to stop. Run again it ends well.
PREEMPTED = """
import os, signal, sys
from pathlib import Path
seen = Path(sys.argv[1])
if seen.exists():
    seen.write_text("went on")
    sys.exit()
seen.touch()
for process in (os.getppid(), os.getpid()):
    os.kill(process, signal.SIGTERM)
os.kill(os.getppid(), signal.SIGUSR2)
signal.pause()
"""


@pytest.fixture
def process(tmp_path, monkeypatch):
    """Make the process of a job that is a few lines of Python."""
    monkeypatch.chdir(REPOSITORY)

    def make(name: str, code: str, *arguments) -> JobProcess:
        command = (sys.executable, "-c", code, *map(str, arguments))
        return JobProcess(name, command, tmp_path / "logs" / f"{name}.log")

    return make


@pytest.fixture
def trial(phantom_set, monkeypatch):
    """An experiment of three jobs, of which two share a network. None is stored."""
    jobs = [SINGLE, OTHER_FOLD, replace(SINGLE, variant="poses", test_time="poses")]
    trial = Experiment("phantom", lambda slices: jobs, lambda: phantom_set)
    monkeypatch.setitem(EXPERIMENTS, "trial", trial)


@pytest.fixture
def slurm(tmp_path, reports, monkeypatch) -> Path:
    """A folder with stand-ins for SLURM's commands, first on PATH.

    What sbatch gets is kept in ``sent.sh``; what squeue says is read from ``queue``.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "queue").touch()
    for name, does in {
        "sbatch": f"cp $1 {folder}/sent.sh; echo Submitted batch job 1234",
        "squeue": f"/bin/cat {folder}/queue",
        "srun": "exit 1",
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{does}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def test_jobs_that_share_a_network_are_one_group_even_through_a_third():
    first = replace(SINGLE, seed=0)
    pair = replace(SINGLE, variant="pair", seed=0, members=2)  # the networks of seeds 0 and 1
    inner = replace(SINGLE, variant="inner", inner_folds=2)
    found = queue.groups([SINGLE, OTHER_FOLD, first, inner, pair])
    assert found == [[OTHER_FOLD], [inner], [SINGLE, first, pair]]
    assert queue.groups([SINGLE, first]) == [[SINGLE], [first]]


@pytest.mark.slow
def test_a_job_that_fails_is_named_with_its_log_and_stops_no_other(process, tmp_path):
    write = "import sys; open(sys.argv[1], 'w')"
    processes = [
        process("before", write, tmp_path / "a"),
        process("broken", "print('so far'); 1 / 0"),
        process("after", write, tmp_path / "b"),
    ]
    tasks = [
        queue.Task(tuple(processes), frozenset()),
        queue.Task((process("apart", write, tmp_path / "c"),), frozenset()),
    ]
    bad, good = queue.submit(tasks, tmp_path / "slurm", cluster="local")
    assert good.result() is None
    assert f"1 of 3 jobs failed: broken, see {processes[1].log}" in str(bad.exception())
    log = processes[1].log.read_text()
    assert "so far" in log and "ZeroDivisionError" in log
    assert all((tmp_path / name).exists() for name in "abc")


@pytest.mark.slow
def test_a_task_that_is_preempted_runs_again(process, tmp_path):
    count = process("count", "import sys; open(sys.argv[1], 'a').write('x')", tmp_path / "times")
    stopped = process("stopped", PREEMPTED, tmp_path / "seen")
    task = queue.Task((count, stopped), frozenset())
    [sent] = queue.submit([task], tmp_path / "slurm", cluster="local")
    assert sent.result() is None
    assert (tmp_path / "seen").read_text() == "went on"
    assert (tmp_path / "times").read_text() == "xx"


def test_a_dry_run_lists_the_tasks_and_needs_no_cluster(trial, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert runner.main(["submit", "trial", "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "task 1: trial/unet/fold2-seed1",
        "task 2: trial/unet/fold1-seed1 trial/poses/fold1-seed1",
    ]


@pytest.mark.slow
def test_stored_jobs_are_not_sent(sunnybrook_dir, capsys, monkeypatch):
    everyone = heart.load()
    stored = audit.jobs(everyone)[0]
    jobs = [stored, replace(stored, variant="new")]
    monkeypatch.setitem(EXPERIMENTS, "trial", heart.experiment(lambda slices: jobs))
    assert runner.main(["submit", "trial", "--dry-run"]) == 0
    assert capsys.readouterr().out == "task 1: audit/new/fold1-seed0\n"
    jobs.pop()
    assert runner.main(["submit", "trial"]) == 0
    assert capsys.readouterr().out == "all jobs are stored\n"


def test_the_cluster_is_asked_for_the_resources_that_were_named(trial, slurm, capsys):
    arguments = ["--partition", "gpu", "--gpus", "1", "--cpus", "4", "--hours", "6"]
    assert runner.main(["submit", "trial", *arguments, "--at-a-time", "1"]) == 0
    assert "tasks sent: 2;" in capsys.readouterr().out
    lines = (slurm / "sent.sh").read_text().splitlines()
    for asked in (
        "job-name=seglib",
        "partition=gpu",
        "gpus-per-node=1",
        "cpus-per-task=4",
        "time=360",
        "array=0-1%1",
        "requeue",
    ):
        assert f"#SBATCH --{asked}" in lines
    assert any(line.startswith("srun") and "--cpus-per-task=4" in line for line in lines)


def test_what_is_in_the_queue_is_not_sent_again(trial, slurm, capsys):
    assert runner.main(["submit", "trial"]) == 0
    (slurm / "sent.sh").unlink()
    (slurm / "queue").write_text("1234_0\n1234_1\n77\n")
    assert runner.main(["submit", "trial"]) == 0
    assert "tasks not sent: 2," in capsys.readouterr().out
    assert not (slurm / "sent.sh").exists()
    (slurm / "queue").write_text("1234_1\n")  # the first has failed: it is not stored
    assert runner.main(["submit", "trial"]) == 0
    printed = capsys.readouterr().out
    assert "tasks sent: 1;" in printed and "tasks not sent: 1," in printed
    assert (slurm / "sent.sh").exists()


@pytest.mark.parametrize("command", ["sbatch", "squeue"])
def test_a_cluster_that_refuses_is_quoted(trial, slurm, capsys, command):
    (slurm / command).write_text("#!/bin/sh\necho invalid partition >&2\nexit 1\n")
    assert runner.main(["submit", "trial", "--partition", "none"]) == 1
    message = capsys.readouterr().err
    assert command in message and "invalid partition" in message


@pytest.mark.parametrize("command", ["sbatch", "squeue", "srun"])
def test_without_slurm_the_way_without_it_is_named(trial, slurm, capsys, monkeypatch, command):
    (slurm / command).unlink()
    monkeypatch.setenv("PATH", str(slurm))
    assert runner.main(["submit", "trial"]) == 1
    message = capsys.readouterr().err
    assert f"there is no {command} here" in message and "python -m study run" in message


def test_without_submitit_it_is_said_how_to_install_it(trial, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "submitit", None)
    monkeypatch.delitem(sys.modules, "study.queue")
    monkeypatch.delattr(study, "queue")
    assert runner.main(["submit", "trial"]) == 1
    assert 'pip install -e ".[slurm]"' in capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_that_is_none_is_refused(value, capsys):
    with pytest.raises(SystemExit):
        runner.main(["submit", "audit", "--hours", value])
    assert "is not a whole number of at least 1" in capsys.readouterr().err
