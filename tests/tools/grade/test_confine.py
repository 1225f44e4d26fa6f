"""What a submission cannot do, tried by a submission: each cell tells in `said` how far it came."""

import contextlib
import socket
import time
from pathlib import Path

import pytest

from tools.grade.confine import Limits, landlock, namespaces, refuse_sockets
from tools.grade.session import EndedError, Session

LIMITS = Limits(seconds=30, cell_seconds=10, memory_mb=1024, file_mb=1)
TRY = """
try:
    {}
    said = "done"
except Exception as error:
    said = type(error).__name__
"""

needs_landlock = pytest.mark.skipif(landlock() < 1, reason="this system has no Landlock")


def tried(action: str, closed=(), limits=LIMITS) -> str:
    with Session(limits, time.monotonic() + 60, closed) as session:
        session.run([TRY.format(action.replace("\n", "\n    "))], ["said"])
        return session.value("said", 0)


def commands() -> list[bytes]:
    """The command line of each process of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            found.append(path.read_bytes())
    return found


@pytest.fixture
def listener():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_it_reaches_nobody_by_network(listener):
    socket.create_connection(("127.0.0.1", listener)).close()  # this process does
    action = f"import socket\nsocket.create_connection(('127.0.0.1', {listener}), 2)"
    assert tried(action) in ("OSError", "PermissionError", "ConnectionRefusedError")


def test_without_namespaces_sockets_are_refused_in_python(monkeypatch):
    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, getattr(socket, name))  # undone at the end
    refuse_sockets()
    with pytest.raises(OSError, match="no network while an exercise is graded"):
        socket.create_connection(("127.0.0.1", 1))


@pytest.mark.slow
@needs_landlock
def test_it_reads_what_is_open_and_not_what_is_closed(tmp_path):
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("text")
    for name, said in (("open", "done"), ("closed", "PermissionError")):
        assert tried(f"open(r'{tmp_path / name / 'file'}').read()", [tmp_path / "closed"]) == said


@pytest.mark.slow
@needs_landlock
def test_it_writes_in_its_own_folder_alone(tmp_path):
    (tmp_path / "file").write_text("text")
    assert tried("open('mine', 'w').write('x')") == "done"
    for action in ("open({!r}, 'w')", "__import__('os').remove({!r})", "open({!r} + '2', 'w')"):
        assert tried(action.format(str(tmp_path / "file"))) == "PermissionError"
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.slow
def test_memory_and_files_have_their_limits_and_they_cannot_be_raised():
    assert tried("bytearray(2 << 30)") == "MemoryError"
    assert tried("with open('mine', 'wb') as file: file.write(bytes(2 << 20))") == "OSError"
    raised = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))"
    if namespaces():
        assert tried(raised) in ("ValueError", "PermissionError")


def test_nothing_of_this_users_environment_comes_in(monkeypatch):
    monkeypatch.setenv("SECRET_OF_A_TEACHER", "x")
    assert tried("import os\nos.environ['SECRET_OF_A_TEACHER']") == "KeyError"


@pytest.mark.slow
def test_its_time_is_limited_as_a_whole_too():
    began = time.monotonic()
    with Session(Limits(2, 60, 1024, 1), began + 1) as session:
        with pytest.raises(EndedError, match="used up the 2 s of a submission"):
            session.run(["import time\ntime.sleep(100)"], [])
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not namespaces(), reason="without namespaces a child may outlive its parent")
def test_what_it_started_ends_with_it():
    action = "import subprocess\nsubprocess.Popen(['setsid', 'sleep', '4321'])"
    assert tried(action) == "done"
    deadline = time.monotonic() + 10  # the kernel ends a namespace a moment after its first process
    while b"sleep\x004321\x00" in commands() and time.monotonic() < deadline:
        pass
    assert b"sleep\x004321\x00" not in commands()
