"""Run the study's experiments, job by job, and say which results are stored.

    python -m study status
    python -m study run comparison waterfall --workers 2
    python -m study pack sunnybrook.npz       # one file to carry to a GPU machine
    python -m study --data sunnybrook.npz run ablation --workers 8
    python -m study pack atrium.npz --set "Decathlon heart"
    python -m study submit all --partition gpu --gpus 1   # on a SLURM cluster

A job that is stored is not run again, so a stopped run goes on where it was. Each job
has a process of its own, and the workers share the processor's cores among them: small
networks gain more from a second job than from a second core.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from seglib.errors import DataError, SeglibError
from seglib.files import results_dir
from seglib.formats import packed
from seglib.program import program, whole_number
from seglib.slices import SliceSet, data_hash
from seglib.staging import require_writable
from study.console import clock
from study.job_runs import run_job
from study.jobs import Job
from study.process import job_process
from study.questions import EXPERIMENTS
from study.results import read_manifest


class Sets:
    """The sets that experiments are about, each read once, when it is asked for.

    Args:
        files: Packed sets, see `seglib.formats.packed`, that stand for what else would
            be read from folders.
    """

    def __init__(self, files: list[Path]):
        self.known = {slices.name: slices for slices in map(packed.load, files)}
        self.hashes: dict[str, str] = {}

    def get(self, name: str) -> SliceSet:
        """The set of this name."""
        if name not in self.known:
            about = (each for each in EXPERIMENTS.values() if each.dataset == name)
            self.known[name] = next(about).load()
        return self.known[name]

    def has_stored(self, job: Job) -> bool:
        """Whether a job's result is stored, and made from the set that is at hand."""
        name = EXPERIMENTS[job.experiment].dataset
        if name not in self.hashes:
            self.hashes[name] = data_hash(self.get(name))
        return job.is_done(source=self.hashes[name])

    def jobs(self, experiments: Iterable[str]) -> list[Job]:
        """The jobs of the named experiments."""
        chosen = [EXPERIMENTS[name] for name in experiments]
        return [job for each in chosen for job in each.jobs(self.get(each.dataset))]


def status(sets: Sets) -> None:
    """Print, for each experiment, how many jobs are stored and by which code they ran."""
    for name, experiment in EXPERIMENTS.items():
        try:
            jobs = sets.jobs([name])
        except DataError as error:
            print(f"{name:12} needs {experiment.dataset}: {error}")
            continue
        done = [job for job in jobs if sets.has_stored(job)]
        codes = {read_manifest(job.name)["code"] for job in done}
        note = f", trained by {len(codes)} versions of the code" if len(codes) > 1 else ""
        print(f"{name:12} {len(done):3} of {len(jobs):3} jobs stored{note}")


def next_free(waiting: Sequence[Job], running: Sequence[Job]) -> Job | None:
    """The first job that trains no network which a running job trains too, or None."""
    busy = frozenset().union(*(job.networks() for job in running))
    return next((job for job in waiting if not busy & job.networks()), None)


def run(jobs: list[Job], workers: int, data: Sequence[Path] = ()) -> int:
    """Run jobs side by side; return how many failed. A failed job does not stop the others.

    Args:
        jobs: What to run.
        workers: How many at a time.
        data: Packed sets to read, see `Sets`.
    """
    waiting = list(jobs)
    running: list[Job] = []
    changed = threading.Condition()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    failed: list[str] = []
    finished = 0

    def take() -> Job | None:
        with changed:
            while waiting:
                job = next_free(waiting, running)
                if job is not None:
                    waiting.remove(job)
                    running.append(job)
                    return job
                changed.wait()
        return None

    def work(number: int) -> None:
        nonlocal finished
        while (job := take()) is not None:
            started = time.monotonic()
            process = job_process(job, data, cores[number::workers] if workers > 1 else ())
            code = 1
            try:
                code = process.run()
            finally:
                with changed:
                    running.remove(job)
                    finished += 1
                    changed.notify_all()
            word = "done" if code == 0 else f"FAILED, see {os.path.relpath(process.log)}"
            took = clock(time.monotonic() - started)
            print(f"[{finished}/{len(jobs)}] {job.name} {word} in {took}", flush=True)
            if code:
                failed.append(job.name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:  # the jobs that run got it too; start no others
        with changed:
            waiting.clear()
            changed.notify_all()
        raise
    return len(failed)


def submit(jobs: list[Job], data: Sequence[Path], dry_run: bool, **resources) -> None:
    """Send jobs to a SLURM cluster's queue, but those that are there already.

    Args:
        jobs: What to run.
        data: Packed sets to read, see `Sets`.
        dry_run: Print the tasks, as if the queue were empty, and send nothing.
        **resources: For each task, see `study.queue.submit`.

    Raises:
        SeglibError: submitit is not installed, there is no SLURM, or it refuses.
    """
    if not jobs:
        print("all jobs are stored")
        return
    try:
        from study import queue  # here, so that nothing else needs submitit
    except ModuleNotFoundError as error:
        raise SeglibError(
            f'submit needs {error.name}, which is not installed: pip install -e ".[slurm]"'
        ) from error
    tasks = [queue.Task.of(group, data) for group in queue.groups(jobs)]
    if dry_run:
        for number, task in enumerate(tasks, start=1):
            print(f"task {number}:", *(process.name for process in task.processes))
        return
    folder = results_dir() / "slurm"
    new = queue.not_in_queue(tasks, folder)
    if new:
        queue.submit(new, folder, **resources)
        print(f"tasks sent: {len(new)}; what they say: {folder}/*_log.out")
    if len(new) < len(tasks):
        print(
            f"tasks not sent: {len(tasks) - len(new)}, because the queue holds one with the same "
            "jobs, or that shares a network; submit again when it is through"
        )


def _run_one(name: str, sets: Sets) -> int:
    """Run the job of this name."""
    listed = {name.partition("/")[0]} & set(EXPERIMENTS)
    found = [job for job in sets.jobs(listed) if job.name == name]
    if not found:
        raise SeglibError(f"no job {name!r}; see python -m study status")
    experiment = EXPERIMENTS[found[0].experiment]
    slices = sets.get(experiment.dataset)
    run_job(found[0], slices, assumed_spacing=experiment.assumed_spacing)
    return 0


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--data", type=Path, action="append", default=[], help="read a packed set, not its files"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="say which results are stored")
    many = commands.add_parser("run", help="run the jobs that are not stored yet")
    queue = commands.add_parser("submit", help="send them to a SLURM cluster's queue")
    for command in (many, queue):
        command.add_argument(
            "experiments", nargs="+", choices=["all", *EXPERIMENTS], metavar="EXPERIMENT"
        )
    many.add_argument(
        "--workers",
        type=whole_number(1, 256),
        default=1,
        metavar="N",
        help="jobs side by side (default 1)",
    )
    queue.add_argument("--partition", help="default: the cluster's")
    for option, default, text in (
        ("--gpus", 0, "for each task (default none)"),
        ("--cpus", 2, "for each task (default 2)"),
        ("--hours", 4, "until a task is stopped and queued again, thrice at most (default 4)"),
        ("--at-a-time", None, "tasks side by side (default as many as submitit allows)"),
    ):
        queue.add_argument(option, type=whole_number(1), default=default, metavar="N", help=text)
    queue.add_argument("--dry-run", action="store_true", help="list the tasks, send none")
    sets_known = list(dict.fromkeys(each.dataset for each in EXPERIMENTS.values()))
    pack = commands.add_parser("pack", help="write a whole set into one file")
    pack.add_argument("file", type=Path)
    pack.add_argument("--set", choices=sets_known, default="Sunnybrook", help="default Sunnybrook")
    one = commands.add_parser("job", help="run one job by its name")
    one.add_argument("name")
    one.add_argument("--cores", help="processor cores to run on, e.g. 0,2")
    options = parser.parse_args(arguments)
    if getattr(options, "cores", None):  # before a backend starts and counts them
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})
    sets = Sets(options.data)
    if options.command == "status":
        status(sets)
        return 0
    if options.command == "pack":
        if options.file.suffix != ".npz":
            raise DataError(f"{options.file}: expected a file that ends in .npz")
        require_writable(options.file, "name another file", folder=False)
        packed.save(sets.get(options.set), options.file)
        return 0
    if options.command == "job":
        return _run_one(options.name, sets)
    names = EXPERIMENTS if "all" in options.experiments else options.experiments
    jobs = [job for job in sets.jobs(names) if not sets.has_stored(job)]
    if options.command == "submit":
        resources = {
            name: getattr(options, name)
            for name in ("partition", "gpus", "cpus", "hours", "at_a_time")
        }
        submit(jobs, options.data, options.dry_run, **resources)
        return 0
    return 1 if run(jobs, options.workers, options.data) else 0


if __name__ == "__main__":
    sys.exit(main())
