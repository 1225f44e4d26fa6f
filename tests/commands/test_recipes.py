"""`recipes`: what can be trained, one line each."""

from command_line import run

from seglib.commands.main import main
from seglib.recipes.recipe import all_recipes


def test_recipes_lists_every_recipe(capsys):
    assert main(["recipes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["name", *all_recipes()]


def test_the_list_needs_no_backend():
    code = (
        "import sys; from seglib.commands.main import main; main(['recipes']); "
        "print([name for name in ('keras', 'matplotlib', 'nibabel') if name in sys.modules])"
    )
    assert run("-c", code).stdout.splitlines()[-1] == "[]"
