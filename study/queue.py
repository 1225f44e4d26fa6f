"""Jobs in a cluster's queue: groups of them that may run at once, sent to SLURM by submitit.

Why SLURM and submitit: universities and hospitals run SLURM, a job needs no more of it than
a folder that all machines see, and submitit runs the same tasks without a cluster, which is
how they are tested. A Dask cluster ends with the Python process that made it, and Ray needs a
head node that the others reach by open ports; both pay where tasks are short or exchange
data, and a training is neither short nor does it.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import submitit

from seglib.errors import SeglibError
from study.jobs import Job
from study.process import JobProcess, job_process

#: What SLURM calls all tasks that are sent from here.
NAME = "seglib"


def groups(jobs: Sequence[Job]) -> list[list[Job]]:
    """Put jobs together that share a network, directly or through others.

    Jobs of one group must run one after the other: they would train the network twice, into
    one folder. Jobs of different groups can run at once. See `Job.networks`.
    """
    found: list[tuple[frozenset, list[Job]]] = []
    for job in jobs:
        networks, members, apart = job.networks(), [], []
        for others, group in found:
            if others & networks:
                networks |= others
                members += group
            else:
                apart.append((others, group))
        found = [*apart, (networks, [*members, job])]
    return [group for _, group in found]


@dataclass(frozen=True)
class Task(submitit.helpers.Checkpointable):
    """What one place in the queue runs: the jobs of a group, one after the other.

    A task that is preempted or out of time is sent again as it is (`Checkpointable`). That
    loses little: a job that is stored ends at once, a training goes on from its last epoch.

    Attributes:
        processes: Of the jobs, in order.
        networks: What they train, see `Job.networks`.
    """

    processes: tuple[JobProcess, ...]
    networks: frozenset

    @classmethod
    def of(cls, group: Sequence[Job], data: Sequence[Path] = ()) -> Task:
        """The task of a group of jobs, which read the packed sets `data`, see `JobProcess`."""
        networks = frozenset().union(*(job.networks() for job in group))
        return cls(tuple(job_process(job, data) for job in group), networks)

    def __call__(self) -> None:
        """Run all jobs; one that fails does not stop the next.

        Raises:
            SeglibError: Some failed; names them and their logs.
        """
        # With SIGTERM a cluster announces that it wants the machine back; the signal to stop,
        # which submitit answers, is another one. What is ignored here, the jobs ignore too.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        failed = [process for process in self.processes if process.run() != 0]
        if failed:
            raise SeglibError(
                f"{len(failed)} of {len(self.processes)} jobs failed: "
                + "; ".join(f"{process.name}, see {process.log}" for process in failed)
            )


def not_in_queue(tasks: Sequence[Task], folder: Path) -> list[Task]:
    """The tasks of which SLURM neither runs nor queues a job, nor one that shares a network.

    Args:
        tasks: What shall be sent.
        folder: Where `submit` keeps what it sent.

    Raises:
        SeglibError: There is no SLURM here, or it does not answer.
    """
    _check_for("squeue")
    listed = subprocess.run(
        ["squeue", f"--name={NAME}", "--array", "--noheader", "--format=%i"],
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise SeglibError(f"squeue does not say what is queued already: {listed.stderr.strip()}")
    busy: set = set()
    for number in listed.stdout.split():
        sent = submitit.SlurmJob(folder, number)
        if sent.paths.submitted_pickle.exists():  # else of another folder, or another user
            busy |= sent.submission().function.networks
    return [task for task in tasks if not busy & task.networks]


def submit(
    tasks: Sequence[Task],
    folder: Path,
    *,
    cluster: str = "slurm",
    partition: str | None = None,
    gpus: int = 0,
    cpus: int = 2,
    hours: int = 4,
    at_a_time: int | None = None,
) -> list[submitit.Job]:
    """Send tasks to the queue, as one array of jobs; return without waiting for them.

    Args:
        tasks: What to run.
        folder: For the tasks and what becomes of them; all machines must see it.
        cluster: ``"slurm"``, or ``"local"`` for processes here, all at once.
        partition: Of the cluster; None for its default.
        gpus: For each task.
        cpus: Processor cores for each task.
        hours: After which a task is stopped and queued again; three times at most.
        at_a_time: How many tasks may run at once; None for as many as submitit allows.

    Raises:
        SeglibError: There is no SLURM here, or it refuses the tasks.
    """
    if cluster == "slurm":
        _check_for("sbatch")
        _check_for("srun")
    executor = submitit.AutoExecutor(folder, cluster=cluster)
    executor.update_parameters(
        name=NAME,
        timeout_min=60 * hours,
        cpus_per_task=cpus,
        gpus_per_node=gpus or None,
        stderr_to_stdout=True,
        slurm_partition=partition,
        slurm_array_parallelism=at_a_time,
        # Since SLURM 22.05 srun, which starts a task, does not know of sbatch's cores.
        slurm_srun_args=[f"--cpus-per-task={cpus}"],
        slurm_additional_parameters={"requeue": True},  # some clusters do not by default
    )
    try:
        return executor.submit_array(tasks)
    except submitit.core.utils.FailedJobError as error:
        raise SeglibError(f"sbatch refuses the tasks: {error}") from error


def _check_for(program: str) -> None:
    if shutil.which(program) is None:
        raise SeglibError(
            f"there is no {program} here: submit on a machine that belongs to a SLURM cluster, or "
            "use python -m study run"
        )
