"""The page in a browser: search, filters, keys, what cells open, copying, both themes, and text that must stay text.

It is Debian's Chromium (or any in the path), driven by Playwright; nothing is downloaded.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autodiff_spec.report import Accuracy, Report, Verdict
from autodiff_spec.report.changes import changes
from autodiff_spec.report.html import page
from autodiff_spec.report.results import Cost
from tests.made_reports import FAILED, KNOWN, good, large, other, report, result

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright comes with the extra 'dev'")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt install chromium")
COSTS = [Cost("good", "1.0", "mlp", 3e-3, 3.0, 1.05), Cost("other", "2.0", "mlp", 4e-3, 4.0, None)]
LOAD_SECONDS = 1.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page in a browser, and what went wrong on it."""

    def __init__(self, browser: Any, path: Path, text: str, **options: Any) -> None:
        path.write_text(text, "utf-8")
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append("dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def shown(self) -> list[str]:
        """The ids of the clauses that are visible."""
        found: list[str] = self.page.locator(".line:visible b").all_text_contents()
        return found

    def cell(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def focused(self) -> str:
        found: str = self.page.evaluate(
            "document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"
        )
        return found


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pages: list[Opened] = []

    def open_(text: str, **options: Any) -> Opened:
        pages.append(Opened(browser, tmp_path / "report.html", text, **options))
        return pages[-1]

    yield open_
    for one in pages:
        one.context.close()
        assert one.wrong == []
        assert len(one.asked) == 1, "it needs no network, nor any other file"


def two() -> str:
    return page([good(), other()], changes=changes([good(), other()], [good(), older()]), costs=COSTS)


def older() -> Report:
    clauses = tuple(replace(c, verdict=Verdict.CONFORMS) if c.id == "TAPE-04" else c for c in other().clauses)
    return replace(other(), clauses=clauses, version="1.9")


# --- search, filters, keys ------------------------------------------------------------------------------------------


def test_search_finds_words_of_clauses_cases_and_reasons(opened: Any) -> None:
    found = opened(two())
    everything = ["TAPE-04", "DTYPE-03", "KINK-01", "KINK-02"]
    assert found.shown() == everything
    for words, expected in {
        "kink": ["KINK-01", "KINK-02"],
        "ABS at kink-02": ["KINK-02"],
        "sign of zero": ["KINK-02"],
        "bfloat16": ["DTYPE-03"],
        "no such thing": ["TAPE-04"],
    }.items():
        found.page.fill("#search", words)
        assert found.shown() == expected, words
        assert found.page.text_content("#count") == f"{len(expected)} of 4 clauses"
    found.page.fill("#search", "nothing like it")
    assert found.shown() == []
    assert found.page.locator(".chapter:visible").count() == 0
    found.page.get_by_role("button", name="Show all").click()
    assert found.shown() == everything


def test_filters_by_chapter_verdict_and_difference(opened: Any) -> None:
    found = opened(two())
    found.page.get_by_label("Chapter").select_option("KINK")
    assert found.shown() == ["KINK-01", "KINK-02"]
    found.page.get_by_label("Chapter").select_option("")
    filters = found.page.get_by_role("group", name="verdicts shown")
    for name, expected in {"violates": ["TAPE-04"], "deviates": ["TAPE-04", "KINK-02"]}.items():
        filters.get_by_role("button", name=name).click()
        assert found.shown() == expected, "pressed filters add up"
        assert filters.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
    for name in ("violates", "deviates"):
        filters.get_by_role("button", name=name).click()
    filters.get_by_role("button", name="differ").click()
    assert found.shown() == ["TAPE-04", "DTYPE-03", "KINK-02"]


def test_keys_move_open_and_close(opened: Any) -> None:
    found = opened(two())
    keys = found.page.keyboard
    keys.press("/")
    assert found.focused() == "search"
    keys.type("kink")
    keys.press("ArrowDown")
    assert found.focused() == "KINK-01, good: conforms"
    for key, expected in [
        ("ArrowRight", "KINK-01, other (spec): conforms"),
        ("ArrowRight", "KINK-01, other (spec): conforms"),
        ("ArrowDown", "KINK-02, other (spec): deviates"),
        ("Home", "KINK-01, other (spec): conforms"),
        ("End", "KINK-02, other (spec): deviates"),
    ]:
        keys.press(key)
        assert found.focused() == expected, key
    keys.press("Enter")
    dialog = found.page.get_by_role("dialog", name="KINK-02 on other (spec) 2.0: deviates")
    assert dialog.is_visible()
    assert found.focused() == "detail"
    keys.press("Escape")
    assert not dialog.is_visible()
    assert found.focused() == "KINK-02, other (spec): deviates"
    keys.press("/")
    keys.press("Escape")
    assert len(found.shown()) == 4


def test_one_cell_alone_is_in_the_tab_order(opened: Any) -> None:
    found = opened(two())
    within = found.page.locator("#matrix button[tabindex='0']")
    assert within.count() == 1
    found.cell("KINK-02, good: conforms").click()
    found.page.fill("#search", "tape")
    assert within.count() == 1
    assert within.get_attribute("aria-label") == "TAPE-04, good: conforms"
    assert found.page.get_by_role("dialog").count() == 0, "what was opened is no longer there"


# --- what a cell opens ----------------------------------------------------------------------------------------------


def test_a_cell_opens_text_observed_permitted_and_reason(opened: Any) -> None:
    found = opened(two())
    found.cell("KINK-02, other (spec): deviates").click()
    dialog = found.page.get_by_role("dialog")
    assert "SHOULD. The derivative of abs at 0 is 0." in dialog.text_content()
    facts = dict(zip(dialog.locator("dt").all_text_contents(), dialog.locator("dd").all_text_contents(), strict=True))
    assert facts == {
        "observed": "array(1.)",
        "permitted": "array(0.)",
        "known": KNOWN.note,
        "test": "test_kinks.py::test_abs[abs at 0]",
    }
    found.cell("TAPE-04, other (spec): violates, not listed, was conforms").click()
    assert "It was: conforms." in dialog.text_content()
    assert "no: this is not listed" in dialog.text_content()
    found.cell("KINK-01, good: conforms").click()
    dialog.get_by_text("1 test passed").click()
    dialog.get_by_role("listitem").wait_for()
    assert dialog.get_by_role("listitem").all_text_contents() == ["test_kinks.py::test_abs[abs]"]
    dialog.get_by_role("button", name="close").click()
    assert not dialog.is_visible()


def test_the_reproducer_is_copied(opened: Any) -> None:
    found = opened(two(), permissions=["clipboard-read", "clipboard-write"])
    found.cell("TAPE-04, other (spec): violates, not listed, was conforms").click()
    found.page.get_by_role("button", name="Copy the reproducer").click()
    found.page.get_by_role("button", name="Copied").wait_for()
    copied = found.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{FAILED.reproducer}\nautodiff-spec test other --conventions spec --seed 7 --only {FAILED.test}"


def test_plots_are_chosen_and_speak(opened: Any) -> None:
    found = opened(two())
    found.page.get_by_role("link", name="Accuracy").click()
    accuracy = found.page.get_by_role("img", name="Largest error of the pullback of each function in float64")
    accuracy.wait_for()
    assert "sin, good: largest 0.5 ULP, median 0.2" in accuracy.text_content()
    found.page.locator("[data-figures=accuracy-plot]").select_option(label="pullback, float32")
    assert accuracy.count() == 0
    assert "cos, other (spec)" in found.page.get_by_role("img", name="in float32").text_content()
    cost = found.page.get_by_role("img", name="Time of the gradient over the time of the function")
    assert "mlp, other 2.0: 4" in cost.text_content()


def test_runs_changes_and_summary_are_there(opened: Any) -> None:
    found = opened(two())
    run = found.page.get_by_role("region", name="run on other (spec)").text_content()
    for said in ("2026-01-02T03:04:05+00:00", "seed", "7", "Linux", "3.13.1"):
        assert said in run
    changed = found.page.get_by_role("region", name="What changed")
    assert changed.get_by_role("row").nth(1).inner_text().split() == [
        "TAPE-04", "other", "(spec)", "✓", "conforms", "✗", "violates",
    ]  # fmt: skip


# --- accessible, in both themes, narrow -----------------------------------------------------------------------------


def test_everything_that_can_be_used_has_a_role_and_a_name(opened: Any) -> None:
    found = opened(two())
    tree = found.page.locator("body").aria_snapshot()
    assert 'grid "clauses and runs"' in tree
    assert "- row " in tree
    assert 'searchbox "Search the clauses"' in tree
    unnamed = [line for line in tree.splitlines() if line.strip() in ("- button", "- combobox", "- searchbox", "- img")]
    assert unnamed == []


def _luminance(colour: str) -> float:
    parts = [float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(found: Opened, selector: str) -> float:
    """WCAG 2.2, 1.4.3: the contrast of an element's text with what is behind it."""
    colours = found.page.evaluate(
        """(selector) => {
          let element = document.querySelector(selector);
          const text = getComputedStyle(element).color;
          while (getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)") element = element.parentElement;
          return [text, getComputedStyle(element).backgroundColor];
        }""",
        selector,
    )
    light, dark = sorted(map(_luminance, colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_sufficient_in_both_themes(opened: Any, scheme: str) -> None:
    found = opened(two(), color_scheme=scheme)
    signs = [f".cell.{verdict}" for verdict in ("conforms", "deviates", "violates", "unsupported", "untested")]
    for selector in (*signs, "h1", ".quiet", ".line i", ".chapter span", "nav a", ".filter"):
        assert _contrast(found, selector) >= 4.5, selector


def test_the_theme_follows_the_system_and_the_button(opened: Any) -> None:
    found = opened(two(), color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = found.page.evaluate(background)
    found.page.get_by_role("button", name="dark or light theme").click()
    light = found.page.evaluate(background)
    assert _luminance(dark) < 0.1 < 0.8 < _luminance(light)
    found.page.reload()
    found.asked.pop()
    assert found.page.evaluate(background) == light, "the choice is kept"


@pytest.mark.parametrize("width", [380, 700, 1280])
def test_the_page_is_never_wider_than_its_window(opened: Any, width: int) -> None:
    found = opened(two(), viewport={"width": width, "height": 800})
    found.cell("KINK-02, other (spec): deviates").click()
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    found.page.keyboard.press("Escape")
    found.page.locator("[data-figure]").first.scroll_into_view_if_needed()
    plot = found.page.locator("svg.plot").first
    plot.wait_for()
    assert plot.bounding_box()["width"] <= width


# --- hostile files --------------------------------------------------------------------------------------------------

HOSTILE = [
    "</script><img src=x onerror=window.ran=1>",
    "</style><script>window.ran=1</script>",
    '"><svg onload=window.ran=1>',
    "' onmouseover='window.ran=1' autofocus onfocus='window.ran=1",
    "<!--<script>window.ran=1//",
    "{{ 7*7 }}{% raw %}${window.ran=1}`",
    "javascript:window.ran=1",
    "\u2028window.ran=1\u2029\u202e\ud7ff\x00\x1b[31m",
    "</title></template></textarea><iframe srcdoc='<script>parent.ran=1</script>'>",
]


def _hostile(text: str) -> Report:
    row = replace(KNOWN, test=text, case=text, message=text, note=text, reproducer=text, clauses=(text, "KINK-02"))
    rows = [row, replace(row, outcome=FAILED.outcome, clauses=("KINK-02", text)), replace(row, clauses=("KINK-02",))]
    accuracy = [Accuracy(text, text, "pullback", 4.0, 10, 0.1, 1.0)]
    made = report(text, [result("KINK-02", Verdict.DEVIATES), result(text)], rows, version=text, accuracy=accuracy)
    keys = {text: text}
    return replace(made, seed=text, date=text, spec_version=text, platform=keys, versions=keys, problems=(text,))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_stays_text_by_escaping_alone(opened: Any, number: int) -> None:
    text = HOSTILE[number]
    hostile = _hostile(text)
    old = replace(hostile, version="0", clauses=(result("KINK-02"),), rows=())
    markup = page([hostile], changes=changes([hostile], [old]), costs=[Cost(text, text, text, 1.0, 2.0, 3.0)])
    assert 'http-equiv="Content-Security-Policy"' in markup
    found = opened(markup.replace('http-equiv="Content-Security-Policy"', 'name="none"', 1))
    found.page.fill("#search", text[:20])
    found.page.fill("#search", "")
    for cell in found.page.locator(".cell").all():
        cell.click()
        found.page.get_by_role("dialog").hover()
    for plot in found.page.locator("[data-figure]").all():
        plot.scroll_into_view_if_needed()
        plot.get_by_role("img").wait_for()
    assert found.page.evaluate("window.ran") is None
    assert found.page.evaluate("document.querySelectorAll('img, iframe, [onload], [onerror], [onfocus]').length") == 0
    assert found.page.evaluate("document.scripts.length") == 3
    assert json.loads(found.page.text_content("#data"))["tests"] == [text]


def test_the_flag_of_the_hostile_texts_would_be_seen(browser: Any, tmp_path: Path) -> None:
    found = Opened(browser, tmp_path / "bad.html", f"<p>{HOSTILE[0]}</p>")
    found.page.wait_for_timeout(50)
    assert found.page.evaluate("window.ran") == 1
    found.context.close()


def test_the_policy_stops_a_script_that_is_not_ours(browser: Any, tmp_path: Path) -> None:
    markup = page([good()]).replace("<main>", "<main><script>window.ran = 1</script><img src=x onerror='window.ran=1'>")
    found = Opened(browser, tmp_path / "bad.html", markup)
    found.page.wait_for_timeout(50)
    assert found.page.evaluate("window.ran") is None
    found.context.close()


# --- size -----------------------------------------------------------------------------------------------------------


def test_2000_rows_load_in_less_than_a_second(opened: Any, record_property: Any, capsys: Any) -> None:
    text = page(large())
    seconds = []
    for _ in range(3):  # the machine may be busy: the best counts
        found = opened(text)
        timing = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000"
        seconds.append(found.page.evaluate(timing))
    found.page.locator(".cell.violates").first.click()
    assert found.page.get_by_role("dialog").is_visible()
    with capsys.disabled():
        print(f"\n2000 rows, 4 runs, {len(text) / 1e6:.1f} MB: DOMContentLoaded after {min(seconds):.2f} s")
    assert min(seconds) < LOAD_SECONDS
