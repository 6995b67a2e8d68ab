"""Bad options get a sentence and nothing is set up; good ones reach the bench as given."""

import pytest

from bench import measures, options
from devkit import cli


def complaint(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *words])
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("value", ["0", "-1", "many", "51", "2.5", ""])
def test_a_number_of_rounds_that_is_none_is_refused(capsys, value):
    assert "is no number of rounds" in complaint(capsys, f"--repeats={value}")


def test_an_unknown_measure_is_answered_with_the_known_ones(capsys):
    words = complaint(capsys, "--only", "webhook_one", "webhok")
    assert "'webhok' is no measure" in words
    assert all(name in words for name in options.known())


def test_only_wants_a_measure(capsys):
    assert "--only" in complaint(capsys, "--only")


def test_an_option_that_is_none_is_refused(capsys):
    assert "--fast" in complaint(capsys, "--fast")


def test_the_list_needs_no_set_up_and_says_what_each_measure_is(capsys):
    assert cli.main(["bench", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(options.known())
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize(
    "given",
    [[], ["--quick"], ["--repeats", "2"], ["--quick", "--only", "webhook_one", "latency_in"]],
)
def test_options_reach_the_bench_as_they_were_given(given):
    assert options.words(options.parser("bench").parse_args(given)) == given


def test_every_file_of_a_measure_holds_the_measure_of_its_name():
    assert set(measures.every()) == set(options.known())
    assert next(iter(measures.every())) == "webhook_one"


def test_every_target_of_the_issue_has_its_measure():
    """The table of what is to be reached; a measure that vanished would pass for a green run."""
    assert set(measures.every()) == set(measures.ORDER)
    for key, measure in measures.every().items():
        assert measure.targets, f"{key} promises nothing"
        assert all(target.explanation for target in measure.targets), key
