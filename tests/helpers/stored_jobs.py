"""Results as jobs leave them, planted by hand."""

from seglib.files import atomic_write, write_json


def plant_job(stored, experiment, variant, fold, seed, tables, **manifest):
    """Write the tables (by name) and the manifest of one job; returns its folder."""
    folder = stored / experiment / variant / f"{fold}-seed{seed}"
    for name, table in tables.items():
        atomic_write(folder / f"{name}.csv", table.to_csv(index=False))
    manifest = {"variant": variant, "fold": fold, "seed": seed, **manifest}
    return write_json(folder / "manifest.json", manifest).parent
