"""Contenders for the tests of `benchmarks`: one counts, one prints, one is missing, one fails."""

from benchmarks.contender import Benchmark, Contender, Ready


def counting(items: int) -> Ready:
    """Works at once, and says it did so many items."""
    return Ready(lambda: items, {"items_at_once": items})


def printing() -> Ready:
    """Prints where answers are expected."""
    print("a library says hello")
    return Ready(lambda: print("again") or 1)


def missing() -> Ready:
    """Needs what nobody has."""
    import a_package_that_nobody_has  # noqa: F401


def failing() -> Ready:
    """Has a mistake in it."""
    raise ZeroDivisionError("a mistake of its own")


BENCHMARK = Benchmark(
    module=__name__,
    title="Toys",
    items="toys",
    contenders=(
        Contender("three", lambda: counting(3)),
        Contender("printing", printing),
        Contender("missing", missing),
        Contender("failing", failing),
    ),
)
