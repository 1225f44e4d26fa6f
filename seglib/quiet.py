"""Start Keras without the messages of its backend."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

#: Says which messages TensorFlow leaves out; `QUIET`: all but those that end the program.
VARIABLE, QUIET = "TF_CPP_MIN_LOG_LEVEL", "3"


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hide what TensorFlow says on the error stream while it is imported.

    It writes below Python, and in version 2.21 partly without regard to
    ``TF_CPP_MIN_LOG_LEVEL``. If the import fails, all of it is shown; whoever has set
    that variable to another level decides alone. May be used again, and inside itself.
    """
    if os.environ.setdefault(VARIABLE, QUIET) != QUIET:
        yield
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except BaseException:
            messages.seek(0)
            os.write(terminal, messages.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


class QuietTensorFlow(MetaPathFinder):
    """Finds TensorFlow where Python does, and has it loaded within `quiet_start`."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """The spec of TensorFlow; None for every other module, which others find."""
        if name != "tensorflow" or sys.stderr is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_quietly(module: ModuleType) -> None:
                with quiet_start():
                    load(module)

            spec.loader.exec_module = load_quietly
        return spec
