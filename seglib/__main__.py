"""`python -m seglib`: see `seglib.commands.main`."""

from seglib.commands.main import main

if __name__ == "__main__":
    raise SystemExit(main())
