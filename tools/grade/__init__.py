"""Grade a folder of submitted exercises: ``python -m tools.grade SUBMISSIONS --output marks.csv``.

A submission is not trusted. Its code runs in a confined process (`tools.grade.child`,
`tools.grade.confine`), which knows neither what is right nor who asks; this process asks it for the
answers by name, calls the functions among them on inputs of its own, and judges what comes back by
its own definitions. Only plain data cross over (`seglib.lessons.exercises.answers`), so that
whatever a submission does to ``check``, to seglib or to the channel can at most spoil its own
answers.
"""
