"""Paths choose suites; every other word reaches pytest as it was."""

import pytest

from devkit.problems import Problem
from devkit.selection import select


def words_by_name(layout, *arguments, cwd=None):
    chosen = select(layout, arguments, cwd or layout.checkout)
    return {suite.name: words for suite, words in chosen.words.items()}


def test_without_arguments_every_suite_that_has_tests_runs(layout):
    selection = select(layout, [], layout.checkout)
    assert {suite.name for suite in selection.words} == {"engine", "odoo", "http"}
    assert selection.everything


def test_a_folder_chooses_its_suite(layout):
    assert list(words_by_name(layout, "tests/engine")) == ["engine"]


def test_a_suite_inside_odoo_is_given_over_the_symlink_that_names_the_addon(layout):
    words = words_by_name(layout, "tests/odoo/test_odoo_thing.py::TestIt::test_it")
    path = layout.addon / "tests" / "odoo" / "test_odoo_thing.py"
    assert words == {"odoo": [f"{path}::TestIt::test_it"]}


def test_options_keep_their_order_and_go_to_every_chosen_suite(layout):
    words = words_by_name(layout, "-x", "tests/engine", "-k", "a and b", "tests/http", "--tb=short")
    assert [found[1:] for found in words.values()] == [["-x", "-k", "a and b", "--tb=short"]] * 2


def test_the_value_of_an_option_is_not_taken_for_a_path(layout):
    selection = select(layout, ["-k", "tests"], layout.checkout)
    assert all(words[1:] == ["-k", "tests"] for words in selection.words.values())


def test_an_option_alone_runs_every_suite_but_not_everything(layout):
    selection = select(layout, ["-k", "claim"], layout.checkout)
    assert len(selection.words) == 3
    assert not selection.everything


@pytest.mark.parametrize("option", ["-x", "--exitfirst"])
def test_stopping_at_the_first_failure_holds_across_suites(layout, option):
    assert select(layout, [option], layout.checkout).stop_at_failure


def test_a_path_counts_from_the_folder_one_is_in(layout):
    words = words_by_name(layout, "test_engine_thing.py", cwd=layout.checkout / "tests" / "engine")
    assert words == {"engine": [str(layout.checkout / "tests" / "engine" / "test_engine_thing.py")]}


def test_the_folder_of_all_tests_chooses_all_suites(layout):
    assert set(words_by_name(layout, "tests")) == {"engine", "odoo", "http"}


def test_a_path_that_is_not_there_is_named(layout):
    with pytest.raises(Problem, match="tests/nope is no file"):
        select(layout, ["tests/nope"], layout.checkout)


def test_a_path_outside_the_suites_is_answered_with_the_suites(layout):
    (layout.checkout / "models").mkdir()
    with pytest.raises(Problem, match="belongs to no test suite") as caught:
        select(layout, ["models"], layout.checkout)
    assert all(name in str(caught.value) for name in ("engine", "odoo", "http"))
