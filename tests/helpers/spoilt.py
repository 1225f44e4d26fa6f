"""Model files with an entry changed: what a user may be handed."""

import json
import zipfile


def rewrite(path, **entries):
    """Write a model file anew; an entry (with _ for the dot) given as a function is changed."""
    with zipfile.ZipFile(path) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            change = entries.get(name.replace(".", "_"))
            archive.writestr(name, data if change is None else change(data))


def replaced(*path, by):
    """A change of an entry for `rewrite`: the value at `path` in its JSON becomes `by`."""

    def change(data):
        values = node = json.loads(data)
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = by
        return json.dumps(values)

    return change
