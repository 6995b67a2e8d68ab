"""Bad arguments get a sentence, and nothing is set up for them."""

import re

import pytest

from devkit import cli


def complaint(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "65536", "-1", "x", "80.5", ""])
def test_a_port_that_is_none_is_refused(capsys, value):
    assert "is no port" in complaint(capsys, "serve", f"--port={value}")


@pytest.mark.parametrize("value", ["-1", "many", "65"])
def test_a_number_of_workers_that_is_none_is_refused(capsys, value):
    assert "is no number of workers" in complaint(capsys, "serve", f"--workers={value}")


@pytest.mark.parametrize("value", ["", "Big", "a b", "x'; DROP DATABASE y; --", "1st", "a" * 42])
def test_a_database_name_that_would_need_quoting_is_refused(capsys, value):
    assert "is no database name" in complaint(capsys, "serve", f"--database={value}")


def test_an_unknown_command_is_answered_with_the_known_ones(capsys):
    words = complaint(capsys, "dance")
    assert all(name in words for name in cli.COMMANDS)


def test_the_sandbox_wants_a_port(capsys):
    assert "--port" in complaint(capsys, "sandbox", "hubspot")


def test_without_a_command_the_help_is_shown_and_the_code_says_so(capsys):
    assert cli.main([]) == 2
    assert "./dev demo" in capsys.readouterr().out


def test_the_help_fits_a_terminal_and_names_every_command():
    text = cli.parser().format_help()
    assert max(map(len, text.splitlines())) <= 100
    assert all(re.search(rf"^    {name}\b", text, re.MULTILINE) for name in cli.COMMANDS)


@pytest.mark.parametrize("value", ["", "0", "-1", "soon", "1441", "1e2", "nan", "1.23456"])
def test_minutes_that_are_none_are_refused(capsys, value):
    assert "is no number of minutes" in complaint(capsys, "faults", f"--minutes={value}")


def test_help_of_test_needs_no_set_up(capsys):
    assert cli.main(["test", "--help"]) == 0
    assert "./dev test -k" in capsys.readouterr().out


def test_a_problem_ends_in_its_sentence_and_code_1(capsys):
    assert cli.main(["test", "tests/nowhere.py"]) == 1
    error = capsys.readouterr().err
    assert "tests/nowhere.py is no file" in error
    assert "Traceback" not in error
