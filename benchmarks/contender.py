"""What a benchmark compares: contenders, each in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


class MissingError(Exception):
    """A contender cannot run on this machine; says what it lacks."""


@dataclass(frozen=True)
class Ready:
    """A contender that is set up.

    Attributes:
        work: Does one portion of the work and returns how many items it was, images say.
        facts: What the results say of it besides its speed.
    """

    work: Callable[[], int]
    facts: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """One way to do the work of a benchmark.

    Attributes:
        name: In tables and plots.
        set_up: Imports what it needs, prepares, and returns what is `Ready`. Compiling and
            first calls belong here, so that they are in no measurement. Raises ImportError or
            `MissingError` if something it needs is not on this machine.
        environment: Variables set before its process starts, such as ``KERAS_BACKEND``.
        yardstick: It shows what the machine can do and not the work itself: the others are
            given as a share of it, by their fact ``gflop``, 1e9 operations an item.
    """

    name: str
    set_up: Callable[[], Ready]
    environment: dict[str, str] = field(default_factory=dict)
    yardstick: bool = False


@dataclass(frozen=True)
class Benchmark:
    """Contenders that do the same work.

    Attributes:
        module: That holds it as ``BENCHMARK``, so that a process can find it.
        title: In plots.
        items: What `Ready.work` counts, in the plural.
        contenders: The first one is what the others are compared with.
    """

    module: str
    title: str
    items: str
    contenders: tuple[Contender, ...]

    @property
    def name(self) -> str:
        """Of its module and its results, without the package."""
        return self.module.rpartition(".")[2]

    @property
    def yardstick(self) -> str | None:
        """Name of the contender that is one, if any."""
        return next((one.name for one in self.contenders if one.yardstick), None)

    def __getitem__(self, name: str) -> Contender:
        """The contender of this name."""
        return next(one for one in self.contenders if one.name == name)
