"""The site: it is built without a warning, its links lead somewhere, and a browser has nothing to complain of."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from autodiff_spec.clauses import CLAUSES
from tests import fresh

ROOT = Path(__file__).resolve().parent.parent


class Page(HTMLParser):
    """The ids of a page, what it links to, and what a browser would load for it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif tag == "a" and name == "href" and value:
                self.links.append(value)
            elif value and (name == "src" or (tag == "link" and name == "href")):
                self.loaded.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("mkdocs", "material", "mkdocstrings"):
        if importlib.util.find_spec(tool) is None:
            pytest.skip(f"{tool} is not installed: it comes with the extra 'docs'")
    folder = tmp_path_factory.mktemp("site")
    done = fresh.python("-m", "mkdocs", "build", "--strict", "--site-dir", str(folder), NO_MKDOCS_2_WARNING="1")
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].ids):
                wrong.append(f"{path.relative_to(site)}: {link}")
    assert len(pages) > 40
    assert not wrong


def test_nothing_is_loaded_from_elsewhere(pages: dict[Path, Page]) -> None:
    assert {value for page in pages.values() for value in page.loaded if urlsplit(value).netloc} == set()


def test_every_clause_has_an_anchor(site: Path, pages: dict[Path, Page]) -> None:
    for clause in CLAUSES.values():
        assert clause.id in pages[site / "specification" / clause.chapter.lower() / "index.html"].ids


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.mark.parametrize("path", ["", "tutorial-zh/", "specification/kink/"])
def test_a_browser_has_nothing_to_complain_of(site: Path, path: str) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("there is no Chromium here")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'")
    handler = functools.partial(Quiet, directory=str(site))
    complaints: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with playwright.sync_playwright() as tools:
                window = tools.chromium.launch(executable_path=browser, args=["--no-sandbox"])
                page = window.new_page()
                page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
                page.on("pageerror", lambda error: complaints.append(str(error)))
                page.on("requestfailed", lambda request: complaints.append(request.url))
                page.goto(f"http://127.0.0.1:{server.server_port}/{path}", wait_until="networkidle")
                assert page.locator("h1").count() == 1
                window.close()
        finally:
            server.shutdown()
    assert complaints == []
