"""The table names every number that is not what it must be, and no other."""

import io

import pytest

from devkit.demo.progress import Progress, bar
from devkit.demo.report import Table, at_least, at_most, shown


def test_a_row_is_judged_by_value_or_by_condition():
    table = Table()
    table.section("S")
    table.add("equal", 3, 3)
    table.add("unequal", 4, 3)
    table.add("enough", 5, at_least(5))
    table.add("too many", 6, at_most(5))
    table.add("free", "anything")
    assert table.wrong == [
        "S: unequal is 4, and must be 3",
        "S: too many is 6, and must be at most 5",
    ]


def test_marks_show_what_holds():
    table = Table()
    table.section("Echoes")
    table.add("good", 0, 0)
    table.add("bad", 1, 0)
    table.add("neutral", 1234)
    assert [line[:3] for line in table.lines()[2:]] == [" ✓ ", " ✗ ", "   "]
    assert table.lines()[1] == "Echoes"
    assert "1,234" in table.lines()[-1]


@pytest.mark.parametrize(
    ("value", "text"), [(1234567, "1,234,567"), (0.5, "0.50"), (1234.5, "1,234"), (True, "yes")]
)
def test_numbers_are_written_as_people_write_them(value, text):
    assert shown(value) == text


def test_a_bar_is_never_longer_than_full():
    assert bar(5, 10).count("#") == bar(5, 10).count(".")
    assert "." not in bar(20, 10).split("]")[0]
    assert bar(0, 0) == ""


def test_a_log_gets_one_line_when_all_is_over_and_few_before():
    stream = io.StringIO()
    with Progress("Importing", 10, stream) as progress:
        for done in range(10):
            progress.show(done)
        progress.remark = "10 records"
    assert stream.getvalue().split() == ["Importing", "0.0", "s", "10", "records"]


def test_what_failed_leaves_no_line_of_success():
    stream = io.StringIO()
    with pytest.raises(KeyError), Progress("Importing", 10, stream):
        raise KeyError
    assert stream.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_the_line_is_drawn_again_in_place():
    stream = Terminal()
    with Progress("Importing", 10, stream):
        pass
    assert stream.getvalue().startswith("\r\x1b[2K  Importing")
    assert stream.getvalue().count("\n") == 1
