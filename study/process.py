"""One job as a process of its own, with a log of its own, wherever it runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seglib.files import REPOSITORY, results_dir
from study.jobs import Job


@dataclass(frozen=True)
class JobProcess:
    """How to run one job, on any machine that sees the same files.

    Attributes:
        name: The job's name.
        command: What to run in the top folder.
        log: Where all that it prints goes; what an earlier try left there is overwritten.
    """

    name: str
    command: tuple[str, ...]
    log: Path

    def run(self) -> int:
        """Run it to its end; return its exit status, or 1 if it could not be started."""
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("wb") as stream:
                return subprocess.run(
                    self.command, cwd=REPOSITORY, stdout=stream, stderr=stream
                ).returncode
        except OSError as error:  # a full disk, say: this job failed, the others go on
            print(f"{self.name}: {error}", file=sys.stderr)
            return 1


def job_process(job: Job, data: Sequence[Path] = (), cores: Sequence[int] = ()) -> JobProcess:
    """The process of a job.

    Args:
        job: What to run.
        data: Packed sets to read instead of folders.
        cores: Numbers of the processor cores to run on; none for all.
    """
    command = [sys.executable, "-m", "study"]
    for path in data:
        command += ["--data", str(path.resolve())]
    command += ["job", job.name]
    if cores:
        command += ["--cores", ",".join(map(str, cores))]
    log = results_dir().absolute() / "logs" / f"{job.name.replace('/', '-')}.log"
    return JobProcess(job.name, tuple(command), log)
