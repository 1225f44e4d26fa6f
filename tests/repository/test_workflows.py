"""The workflows of GitHub: they parse, may do little, and call what exists."""

import os
import re
from itertools import chain
from pathlib import Path

import pytest
import yaml

from seglib.files import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").iterdir())


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: dict) -> list[dict]:
    return list(chain.from_iterable(job["steps"] for job in workflow["jobs"].values()))


def all_steps() -> list[dict]:
    return list(chain.from_iterable(steps(read(path)) for path in WORKFLOWS))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_reads_the_repository_and_ends_in_time(path: Path):
    workflow = read(path)
    assert workflow["name"] == path.stem
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        writes = {right for right, level in job.get("permissions", {}).items() if level == "write"}
        # Only the job that runs no code of the repository may write, and only the site.
        assert not writes or not any("run" in step for step in job["steps"])
        assert writes <= {"pages", "id-token"}


def test_every_action_is_one_of_github_at_one_exact_version():
    used = {step["uses"] for step in all_steps() if "uses" in step}
    exact = re.compile(r"actions/[\w-]+@v\d+\.\d+\.\d+")
    assert [action for action in used if not exact.fullmatch(action)] == []
    names = [action.split("@")[0] for action in used]
    assert len(names) == len(set(names)), sorted(used)


def test_every_command_exists():
    targets = set(
        re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    commands = [step["run"].split() for step in all_steps() if "run" in step]
    assert commands
    for program, *arguments in commands:
        if program == "make":
            assert arguments[0] in targets
        else:
            assert os.access(REPOSITORY / program, os.X_OK), program


def test_every_path_of_a_cache_exists_and_the_site_is_where_the_book_is_built():
    settings = [step["with"] for step in all_steps() if "with" in step]
    keys = chain.from_iterable(
        setting["cache-dependency-path"].split()
        for setting in settings
        if "cache-dependency-path" in setting
    )
    assert [key for key in keys if not (REPOSITORY / key).is_file()] == []
    assert [setting["path"] for setting in settings if "path" in setting] == ["build/book/html"]
