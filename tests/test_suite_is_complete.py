"""The suite and the specification belong together: no clause without a test, no test without a clause."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from autodiff_spec import clauses, conformance
from autodiff_spec.clauses import CHAPTERS, CLAUSES, MAY, Chapter, Clause

FILES = sorted(Path(conformance.__file__).parent.glob("test_*.py"))
ABBREVIATION = re.compile(r"\b(e\.g|i\.e|vs|cf)\.")


def functions_of(path: Path) -> Iterator[ast.FunctionDef]:
    """The tests of a file, also those that a later one of the same name would hide."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node


def cited_by(test: ast.FunctionDef) -> list[str]:
    marks = [d for d in test.decorator_list if isinstance(d, ast.Call) and ast.unparse(d.func).endswith("clause")]
    return [arg.value for mark in marks for arg in mark.args if isinstance(arg, ast.Constant)]


@pytest.fixture(scope="module")
def collected() -> dict[str, list[str]]:
    """Test -> cited clauses, as pytest sees it (marks on parameters included)."""
    seen: dict[str, list[str]] = {}

    class Collector:
        def pytest_collection_finish(self, session: pytest.Session) -> None:
            for item in session.items:
                seen[item.nodeid] = [cited for mark in item.iter_markers("clause") for cited in mark.args]

    arguments = ["--collect-only", "-q", "-q", "-p", "autodiff_spec.conformance.plugin", "-p", "no:cacheprovider"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTODIFF_SPEC_BACKEND", "numpy")  # which tests there are does not depend on it
        assert pytest.main([*arguments, *map(str, FILES)], plugins=[Collector()]) == pytest.ExitCode.OK
    return seen


def test_every_must_and_should_has_a_test(collected: dict[str, list[str]]) -> None:
    cited = {one for ids in collected.values() for one in ids}
    assert [c.id for c in CLAUSES.values() if c.level is not MAY and c.id not in cited] == []


def test_every_test_cites_a_clause_that_exists(collected: dict[str, list[str]]) -> None:
    assert collected
    assert [name for name, ids in collected.items() if not ids or set(ids) - set(CLAUSES)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_two_tests_in_a_file_share_a_name(path: Path) -> None:
    names = Counter(test.name for test in functions_of(path))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_test_cites_a_clause_twice(path: Path) -> None:
    assert [test.name for test in functions_of(path) if max(Counter(cited_by(test)).values(), default=0) > 1] == []


@pytest.mark.parametrize("chapter", CHAPTERS.values(), ids=CHAPTERS)
def test_the_numbers_of_a_chapter_ascend(chapter: Chapter) -> None:
    numbers = [int(clause.id.partition("-")[2]) for clause in chapter.clauses]
    assert numbers == sorted(set(numbers))
    assert numbers[0] >= 1


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES)
def test_a_clause_is_one_sentence(clause: Clause) -> None:
    text = ABBREVIATION.sub(r"\1", clause.text)
    assert text.endswith(".")
    assert re.search(r"[.!?] +[A-Z]", text) is None, "more than one sentence"
    assert text == " ".join(text.split()), "spaces or line ends to spare"


def test_every_file_of_the_folder_is_a_chapter_of_the_specification() -> None:
    folder = Path(clauses.__file__).parent
    names = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert names == set(clauses._MODULES)


def test_two_clauses_or_chapters_of_one_number_are_refused() -> None:
    one = Clause("XYZ-01", MAY, "It is so.")
    with pytest.raises(clauses.DuplicateClause, match="XYZ-01"):
        clauses._by_id([Chapter("XYZ", "a chapter", (one, one))])
    with pytest.raises(clauses.DuplicateClause, match="XYZ"):
        clauses._by_prefix([Chapter("XYZ", "a chapter", ()), Chapter("XYZ", "another", ())])


@pytest.mark.parametrize("wrong", ["XYZ-1", "xyz-01", "XYZ01", "XYZ-1a"])
def test_an_id_that_is_not_well_formed_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="two or three digits"):
        Clause(wrong, MAY, "It is so.")


def test_a_clause_in_the_wrong_chapter_is_refused() -> None:
    with pytest.raises(ValueError, match="stands in the chapter ABC"):
        Chapter("ABC", "a chapter", (Clause("XYZ-01", MAY, "It is so."),))
