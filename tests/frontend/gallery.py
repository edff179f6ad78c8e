"""Every component with the values of an ordinary day, for the eye and for the checks of this folder.

    python -m tests.frontend.gallery FOLDER

writes a picture of each page at two widths in both themes into FOLDER; it needs Chromium.
"""

import functools
import http.server
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.template import Context, Engine
from playwright.sync_api import sync_playwright

from tests.frontend import gallery_values as values

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("change_request", "inbox", "project", "parts", "sign_in", "missing")
WIDTHS = (1440, 390)
THEMES = ("light", "dark")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def render(name: str) -> str:
    engine = Engine(
        dirs=[ROOT / "templates", ROOT / "tests" / "frontend" / "gallery"],
        libraries={"ui": "catalog.templatetags.ui", "static": "django.templatetags.static"},
    )
    given = getattr(values, name, dict)
    context = given() | {
        "now": values.NOW,
        "navigation": values.navigation(),
        "csrf_token": "x",
        "form": values.Anybody(),
    }
    source = {"sign_in": "sign_in.html", "missing": "404.html"}.get(name, f"{name}.html")
    return engine.get_template(source).render(Context(context))


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the pages and static/ under the policy that the portal sends."""

    def do_GET(self) -> None:
        name = urlsplit(self.path).path.strip("/")
        if name not in PAGES:
            super().do_GET()
            return
        body = render(name).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        return


@contextmanager
def served() -> Iterator[str]:
    handler = functools.partial(Handler, directory=str(ROOT))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def picture(folder: Path) -> None:
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width in WIDTHS:
            for theme in THEMES:
                page = browser.new_page(
                    viewport={"width": width, "height": 900}, color_scheme=theme
                )
                page.on("console", lambda message: sys.stdout.write(f"{message.text}\n"))
                for name in PAGES:
                    page.goto(f"{address}/{name}/")
                    page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    settings.configure(
        STATIC_URL="/static/", USE_TZ=True, INSTALLED_APPS=["django.contrib.staticfiles"]
    )
    django.setup()
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    picture(target)
