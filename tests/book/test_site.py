"""The built site in a real browser: whole, offline, and its network answers as Python's does."""

import json
import re
from functools import partial
from io import BytesIO

import nbformat
import numpy as np
import pydicom
import pytest
from chromium import chromium
from dicom_frames import FRAMES, REFUSED, frame
from heart_page import Quiet, module, open_file, part, read_in_browser, status
from PIL import Image
from pixels import encoded
from web import serving

from seglib.datasets import sunnybrook
from seglib.datasets.locations import find_folder
from seglib.errors import DataError, SeglibError
from seglib.evaluation import overlap_scores, surface_distances
from seglib.formats.dicom import read_dicom
from seglib.inference import predict, to_mask
from seglib.inference.onnx_network import OnnxNetwork
from seglib.phantoms import heart
from study.notebook_files import NOTEBOOKS, build
from tools.book import vendor
from tools.book.__main__ import build as build_book
from tools.book.notebook_pages import WIDGET

pytestmark = pytest.mark.slow
RUN = ("01_data_preparation", "02_augmentation")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Two notebooks with made-up results: a figure, a table, a text, a widget with and without."""
    folder = tmp_path_factory.mktemp("executed")
    output = nbformat.v4.new_output
    for name in RUN:
        notebook = build(NOTEBOOKS / f"{name}.py")
        view = {WIDGET: {"model_id": "1", "version_major": 2, "version_minor": 0}}
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        code[0].outputs = [output("stream", text="a printed line\n")]
        code[1].outputs = [output("display_data", {"image/png": encoded("PNG")})]
        code[2].outputs = [output("display_data", {"text/html": "<table><tr><td>1</table>"})]
        film = {"image/gif": encoded("GIF"), "text/plain": "<IPython.core.display.Image object>"}
        code[4].outputs = [output("execute_result", film, execution_count=1)]
        code[3].outputs = [output("display_data", view | {"text/plain": "HBox(children=())"})]
        notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    return tmp_path_factory.mktemp("book")


@pytest.fixture(scope="module")
def missing(output):
    """Why the packages for the browser cannot be had here; empty if they can."""
    try:
        vendor.fetch(output / "npm")
    except SeglibError as error:
        assert "EINTEGRITY" not in str(error), "a package is not the committed one"
        return str(error)
    return ""


@pytest.fixture(scope="module")
def book(output, executed, missing):
    """The whole book; without what npm brings where that cannot be had."""
    return build_book(output, executed, plain=bool(missing))  # raises on a warning or a fault


@pytest.fixture(scope="module")
def page(book, missing):
    """The page that segments a heart, ready, in a browser that reaches this machine alone."""
    if missing:
        pytest.skip(missing)
    with chromium() as opened, serving(partial(Quiet, directory=str(book))) as server:
        opened.url = server.url
        opened.look_like(1280, 1000)
        opened.open(f"{server.url}heart.html")
        opened.wait("document.querySelector('#heart').dataset.state === 'ready'")
        print("first mask after", opened.evaluate("Math.round(performance.now())"), "ms")
        yield opened
        assert [url for url in opened.requests if not url.startswith(server.url)] == []
        assert [error for error in opened.errors if "favicon" not in error] == []


def test_every_page_is_built_and_says_whether_its_notebook_was_run(book):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in book.glob("notebooks/*.html")}
    assert len(pages) == len(list(NOTEBOOKS.glob("[0-9]*.py")))
    assert {name for name, text in pages.items() if "has not been run here" not in text} == {*RUN}
    assert "a printed line" in pages[RUN[0]]
    assert "HBox" not in pages[RUN[0]] and "Image object" not in pages[RUN[0]]
    assert re.search(r'<img alt="Figure of the section[^>]*\.gif"', pages[RUN[0]])


def test_the_book_opens_from_a_folder_searches_and_turns_dark(book):
    with chromium() as opened:
        opened.look_like(390, 844, "dark")
        opened.open((book / "index.html").as_uri())
        assert opened.evaluate("document.documentElement.dataset.theme") == "dark"
        opened.open((book / "search.html").as_uri() + "?q=papillary")
        opened.wait("document.querySelectorAll('#search-results li a').length > 0")
        assert not [url for url in opened.requests if not url.startswith("file:")]


def test_no_page_is_wider_than_a_phone_and_columns_of_tables_stand_apart(book):
    with chromium() as opened:
        opened.look_like(390, 844)
        for path in [*book.glob("*.html"), *book.glob("[dr]*/**/*.html")]:
            opened.open(path.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") <= 390, path.name
        opened.open((book / "notebooks" / f"{RUN[0]}.html").as_uri())
        cell = "getComputedStyle(document.querySelector('.cell_output td'))"
        assert opened.evaluate(f"parseFloat({cell}.paddingLeft)") >= 8


def test_no_slide_is_taller_or_wider_than_the_screen(page, book):
    room = {}
    for path in sorted((book / "slides").glob("*.html")):
        page.open(f"{page.url}slides/{path.name}")
        page.wait("window.Reveal && Reveal.isReady()")
        room[path.name] = page.evaluate(
            """(async () => {
                const found = [];
                for (let i = 0; i < Reveal.getTotalSlides(); i++) {
                    Reveal.slide(i);
                    const slide = Reveal.getCurrentSlide();
                    await Promise.all([...slide.querySelectorAll("img")].map((x) => x.decode()));
                    if (slide.scrollHeight > 700 || slide.scrollWidth > 962)
                        found.push(slide.querySelector("h1, h2").textContent);
                }
                return found;
            })()"""
        )
    assert len(room) == 6 and not any(room.values()), room
    page.open(f"{page.url}heart.html")
    page.wait("document.querySelector('#heart').dataset.state === 'ready'")


@pytest.fixture(scope="module")
def slices():
    """Six slices: Sunnybrook's if it is here, else simulated ones."""
    there = find_folder("sunnybrook")
    stack = sunnybrook.load(there) if there else heart.make(patients=3, size=256)
    return stack.images[:: len(stack.images) // 6][:6]


def test_masks_are_pythons_on_nearly_every_pixel(page, book, slices):
    network = OnnxNetwork(book / "_static" / "heart" / "model.onnx")
    shapes = [slices, slices[:2, 10:, :151], slices[:2, 78:178, 81:172]]  # odd; too small
    for images in shapes:
        expected = to_mask(predict(network, images, network.preprocessing))[..., 0]
        height, width = images.shape[1:3]
        stack = [image.ravel().tolist() for image in images]
        found = module(page, "network", f"""
            m.Network.load("{page.url}_static/heart/model.onnx").then(async (network) => {{
                const [masks, size] = [[], {{height: {height}, width: {width}}}];
                for (const values of {json.dumps(stack)}) {{
                    const image = {{values: Float32Array.from(values), ...size}};
                    masks.push([...(await network.predict(image)).mask]);
                }}
                return masks;
            }})""")  # fmt: skip
        found = np.array(found).reshape(expected.shape)
        assert expected.any()
        assert np.mean(found == expected) >= 0.9999
        print("pixels that differ:", np.sum(found != expected), "of", expected.size)


def test_a_picture_that_is_opened_is_outlined_and_its_mask_can_be_saved(
    page, book, slices, tmp_path
):
    Image.fromarray(slices[1, ..., 0]).save(tmp_path / "slice.png")
    open_file(page, tmp_path / "slice.png")
    network = OnnxNetwork(book / "_static" / "heart" / "model.onnx")
    mask = to_mask(predict(network, slices[1:2], network.preprocessing))[0, ..., 0]
    assert f"256×256 pixels; the network marks {mask.sum()} of them" in status(page)
    saved = page.evaluate(
        f"""new Promise((done) => {{
            const make = URL.createObjectURL;
            URL.createObjectURL = (blob) => {{
                blob.arrayBuffer().then((bytes) => done([...new Uint8Array(bytes)]));
                URL.createObjectURL = make;
                return "data:,";
            }};
            {part("save")}.click();
        }})"""
    )
    read = np.asarray(Image.open(BytesIO(bytes(saved))).convert("L"))
    assert np.mean(read == 255 * mask) >= 0.9999


def blob(rng, shape=(40, 48)):
    """A random disc; now and then nothing."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    row, column, radius = rng.uniform(5, 35), rng.uniform(5, 43), rng.uniform(-2, 14)
    return ((y - row) ** 2 + (x - column) ** 2 <= radius * abs(radius)).astype(np.uint8)


def test_scores_are_pythons(page, rng):
    pairs = [(blob(rng), blob(rng), rng.choice([1.0, 1.3], 2)) for _ in range(30)]
    pairs += [(0 * a, b, s) for a, b, s in pairs[:2]] + [(0 * a, 0 * b, s) for a, b, s in pairs[:1]]
    given = [[a.ravel().tolist(), b.ravel().tolist(), s.tolist()] for a, b, s in pairs]
    found = module(page, "scores", f"""
        {json.dumps(given)}.map(([a, b, s]) => {{
            const {{dice, jaccard, hd95, surfaceDice}} =
                m.score(Uint8Array.from(a), Uint8Array.from(b), 48, s, 1);
            return [dice, jaccard, hd95, surfaceDice].map((x) => Number.isNaN(x) ? null : x);
        }})""")  # fmt: skip
    for (truth, drawn, spacing), numbers in zip(pairs, found, strict=True):
        overlap = overlap_scores(truth, drawn)
        distances = surface_distances(truth, drawn, tuple(spacing))
        expected = [overlap["dice"], overlap["jaccard"]]
        expected += [distances.hausdorff(95), distances.surface_dice(1)]
        np.testing.assert_allclose(np.array(numbers, float), expected, rtol=1e-9)


@pytest.mark.parametrize("name", FRAMES)
def test_a_dicom_frame_has_the_intensities_that_python_reads(page, tmp_path, name):
    frame(**FRAMES[name]).save_as(tmp_path / "frame.dcm", enforce_file_format=True)
    height, width, spacing, values = read_in_browser(page, tmp_path / "frame.dcm")
    _, expected = read_dicom(tmp_path / "frame.dcm")
    assert (height, width, spacing) == (150, 130, [1.25, 1.5])
    np.testing.assert_array_equal(np.array(values, np.float32).reshape(150, 130), expected)


def test_no_file_is_read_otherwise_than_by_python(page, hostile_dicom_dir, scd_dicom_dir):
    """Damaged and malicious files are read alike, or refused; so are frames of patients."""
    hostile = sorted(path for path in hostile_dicom_dir.rglob("*.dcm"))
    small = [path for path in hostile if path.stat().st_size < 2**18][::5]
    read = 0
    for path in [*small, *sorted(scd_dicom_dir.rglob("*.dcm"))[::12]]:
        found = read_in_browser(page, path)
        if not isinstance(found, str):
            try:
                _, expected = read_dicom(path)
            except DataError:
                continue  # Python refuses more: it reads the whole header
            height, width, _, values = found
            np.testing.assert_array_equal(np.reshape(values, (height, width)), expected, str(path))
            read += 1
    assert read > 20


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_rightly_is_refused_with_the_reason(page, tmp_path, name):
    changes, reason = REFUSED[name]
    made = frame(**changes)
    if name == "compressed":
        made.PixelData = pydicom.encaps.encapsulate([b"1234"])
    made.save_as(tmp_path / "frame.dcm", enforce_file_format=True)
    before = page.evaluate("document.querySelector('#heart').dataset.predicted")
    open_file(page, tmp_path / "frame.dcm")
    assert reason in status(page)
    assert page.evaluate("document.querySelector('#heart').dataset.predicted") == before


def test_a_file_of_another_kind_is_refused_too(page, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    open_file(page, tmp_path / "notes.txt")
    assert "no PNG, JPEG or DICOM file" in status(page)


def test_distances_of_a_frame_are_in_millimetres(page, tmp_path):
    frame().save_as(tmp_path / "frame.dcm", enforce_file_format=True)
    open_file(page, tmp_path / "frame.dcm")
    assert page.evaluate("document.querySelector('[data-unit]').textContent") == "HD95 (mm)"


def test_the_brush_draws_a_mask_and_the_scores_follow(page):
    page.evaluate(f"{part('sample')}.dispatchEvent(new Event('change'))")
    page.wait("document.querySelectorAll('[data-part=scores] tbody tr').length === 1")
    box = page.box('[data-part="canvas"]')
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.drag(middle, (middle[0] + 30, middle[1]), (middle[0] + 30, middle[1] + 30))
    rows = "[...document.querySelectorAll('[data-part=scores] tbody tr')].map((r) => r.innerText)"
    drawn = page.evaluate(rows)
    assert len(drawn) == 3 and drawn[1].startswith("yours against the expert's")
    assert float(drawn[2].split("\t")[1]) < 1
    page.evaluate(f"{part('copy')}.click()")
    copied = page.evaluate(rows)[2].split("\t")
    assert copied == ["yours against the network's", "1.000", "1.000", "0.0", "1.000"]
    page.evaluate(f"{part('clear')}.click()")
    assert len(page.evaluate(rows)) == 1


def test_painting_on_the_picture_asks_the_network_anew(page):
    page.evaluate(f"{part('blank')}.click()")
    page.wait(f"{part('status')}.textContent.startsWith('Draw a heart')")
    before = page.evaluate("document.querySelector('#heart').dataset.predicted")
    box = page.box('[data-part="canvas"]')
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.drag(middle, (middle[0] + 50, middle[1]))
    page.wait(f"document.querySelector('#heart').dataset.predicted > {before}")
