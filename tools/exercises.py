"""The student's version of a notebook of solutions: every tagged answer becomes a blank.

`tools.notebooks sync` writes ``notebooks/exercises/NN_name.py`` from
``notebooks/solutions/NN_name.py``, the half that people edit. In a cell tagged ``solution``

- ``name: float = ...`` keeps the name and the type, and loses the value;
- a function keeps its first line and its docstring, and returns ``...``;
- imports stay; comments and all other statements, steps on the way, go.

A value that is still ``...`` is one that nobody has tried to give:
`seglib.lessons.exercises.questions`.
"""

from __future__ import annotations

import ast

import jupytext

#: Stands in each blank, where a student begins to write.
HERE = "# write your answer here"
TAG = "solution"
#: Words of the title, the badge and the set-up cell that name the folder.
WORDS = (("Solutions", "Exercises"), ("solutions", "exercises"))


def exercise(script: str) -> str:
    """Return the student's percent script.

    Args:
        script: Text of a percent script of solutions.

    Raises:
        ValueError: A cell tagged ``solution`` leaves nothing to fill in.
    """
    notebook = jupytext.reads(script, fmt="py:percent")
    titled = False
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if TAG in tags:
            cell.source = blank(cell.source)
            cell.metadata["tags"] = [tag for tag in tags if tag != TAG]
            if not cell.metadata["tags"]:
                del cell.metadata["tags"]
        elif "setup" in tags or not titled:
            for word, other in WORDS:
                cell.source = cell.source.replace(word, other)
        titled = True
    return jupytext.writes(notebook, fmt="py:percent")


def blank(source: str) -> str:
    """Return a cell of solutions with its answers taken out.

    Args:
        source: Python code.

    Raises:
        ValueError: It holds neither a value with its type nor a function.
    """
    kept, blanks = [], 0
    for statement in ast.parse(source).body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                kept.append(ast.unparse(statement))
                continue
            case ast.FunctionDef():
                text = ast.get_docstring(statement)
                statement.body = [ast.Expr(ast.Constant(text))] if text else []
                statement.body.append(ast.Return(ast.Constant(...)))
                kept.append(f"{ast.unparse(ast.fix_missing_locations(statement))}  {HERE}")
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                kept.append(f"{name}: {ast.unparse(kind)} = ...  {HERE}")
            case _:
                continue
        blanks += 1
    if not blanks:
        raise ValueError(f"a cell tagged {TAG!r} has no answer to take out:\n{source}")
    return "\n".join(kept)
