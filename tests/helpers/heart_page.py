"""What a test does with the page that segments a heart."""

import base64
from http.server import SimpleHTTPRequestHandler


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing on the console."""

    def log_message(self, *_):
        pass


def module(page, name: str, expression: str):
    """What an expression gives in which ``m`` is one of the page's modules."""
    url = f"{page.url}_static/heart/{name}.mjs"
    return page.evaluate(f"import('{url}').then((m) => {expression})")


def part(name: str) -> str:
    return f"""document.querySelector('[data-part="{name}"]')"""


def status(page) -> str:
    return page.evaluate(f"{part('status')}.textContent")


def open_file(page, path) -> None:
    """Choose a file, and wait until the page has said something about it."""
    page.evaluate(f"{part('status')}.textContent = ''")
    page.choose_files('[data-part="file"]', path)
    page.wait(f"{part('status')}.textContent !== ''")


def read_in_browser(page, path):
    """``[height, width, spacing, values]``, or the message of the refusal."""
    data = base64.b64encode(path.read_bytes()).decode()
    return module(page, "dicom", f"""(() => {{
        const bytes = Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0));
        try {{
            const {{height, width, spacing, values}} = m.readDicom(bytes);
            return [height, width, spacing, [...values]];
        }} catch (error) {{ return error.message; }}
    }})()""")  # fmt: skip
