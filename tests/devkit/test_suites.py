"""The last line of `./dev test` counts what happened and hides nothing."""

import pytest

from devkit.suites import SUITES, Counts, counts_of, pytest_command, total

CASES = """<testsuites><testsuite tests="99" failures="99" errors="0" skipped="0">
<testcase classname="a" name="passes"/>
<testcase classname="b" name="passes"/>
<testcase classname="a" name="fails"><failure message="1"/><failure message="2"/></testcase>
<testcase classname="a" name="is_skipped"><skipped message="no browser"/></testcase>
<testcase classname="a" name="breaks_in_teardown"/>
<testcase classname="a" name="breaks_in_teardown"><error message="x"/></testcase>
</testsuite></testsuites>"""
CLEAN = '<testsuites><testsuite><testcase classname="a" name="x"/></testsuite></testsuites>'
EMPTY = '<testsuites><testsuite tests="0" failures="0" errors="0" skipped="0"/></testsuites>'


@pytest.fixture
def report(tmp_path):
    def write(text):
        path = tmp_path / "report.xml"
        path.write_text(text)
        return path

    return write


def test_every_test_counts_once_and_errors_are_failures(report):
    assert counts_of(report(CASES), 1) == Counts(passed=2, failed=2, skipped=1)


def test_a_run_without_a_report_is_a_failure(tmp_path):
    assert counts_of(tmp_path / "missing.xml", 3) == Counts(failed=1)


def test_a_clean_report_of_a_run_that_ended_badly_is_a_failure(report):
    assert counts_of(report(CLEAN), -11) == Counts(passed=1, failed=1)


def test_a_selection_that_matches_nothing_here_is_no_failure(report):
    assert counts_of(report(EMPTY), 5) == Counts()


def test_the_sum_reads_as_the_issue_wants_it():
    assert str(total([Counts(1, 2, 3), Counts(10, 0, 0)])) == "11 passed, 2 failed, 3 skipped"


def test_only_suites_inside_odoo_get_odoos_options(layout):
    commands = {s.name: pytest_command(layout, s, "db", []) for s in SUITES}
    inside = {name for name, command in commands.items() if "--odoo-database=db" in command}
    assert inside == {suite.name for suite in SUITES if suite.database}


def test_a_folder_without_tests_is_no_suite(layout):
    (layout.checkout / "tests" / "browser").mkdir()
    present = {suite.name for suite in SUITES if suite.exists(layout)}
    assert present == {"engine", "odoo", "http"}
