"""Set-up can be killed anywhere and run again."""

import errno
import io
import threading

import pytest

from devkit.problems import Problem
from devkit.steps import Step, Steps, write_atomically
from devkit.ticker import Ticker


class Killed(BaseException):
    """Stands for the end of the process in the middle of a step."""


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def steps(tmp_path, out):
    return Steps(tmp_path / "state", Ticker(out))


def test_a_finished_step_is_not_done_again_and_prints_nothing(steps, out):
    done = []
    step = Step("one", "Step one", lambda: done.append(1), key="a")
    steps.run(step)
    steps.run(step)
    assert done == [1]
    [line] = out.getvalue().splitlines()
    assert "Step one" in line


def test_the_line_of_a_step_shows_its_time_and_remark(steps, out):
    steps.run(Step("one", "Step one", lambda: "with pip"))
    assert out.getvalue().split() == ["Step", "one", "0.0", "s", "with", "pip"]


def test_a_step_that_was_killed_runs_again(tmp_path, steps):
    def killed():
        raise Killed

    with pytest.raises(Killed):
        steps.run(Step("one", "", killed))
    done = []
    Steps(tmp_path / "state").run(Step("one", "", lambda: done.append(1)))
    assert done == [1]


def test_a_step_killed_while_it_is_redone_does_not_count_as_done(steps):
    def killed():
        raise Killed

    steps.run(Step("one", "", lambda: None, key="old"))
    with pytest.raises(Killed):
        steps.run(Step("one", "", killed, key="new"))
    assert not steps.is_done(Step("one", "", killed, key="old"))


def test_a_step_with_another_key_is_done_anew(steps):
    done = []
    steps.run(Step("one", "", lambda: done.append("old"), key="old"))
    steps.run(Step("one", "", lambda: done.append("new"), key="new"))
    assert done == ["old", "new"]


def test_a_step_whose_result_has_gone_is_done_again(steps, tmp_path):
    result = tmp_path / "result"
    step = Step("one", "", result.touch, present=result.exists)
    steps.run(step)
    result.unlink()
    steps.run(step)
    assert result.exists()


def test_rows_run_at_the_same_time(steps):
    meeting = threading.Barrier(2, timeout=5)
    steps.together(
        [Step("one", "", lambda: meeting.wait() and None)],
        [Step("two", "", lambda: meeting.wait() and None)],
    )


def test_problems_of_all_rows_are_told(steps):
    def fails(sentence):
        raise Problem(sentence)

    with pytest.raises(Problem) as caught:
        steps.together(
            [Step("one", "", lambda: fails("first sentence"))],
            [Step("two", "", lambda: fails("second sentence"))],
        )
    assert "first sentence" in str(caught.value)
    assert "second sentence" in str(caught.value)


def test_a_full_disk_is_told_in_a_sentence(steps):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Problem, match="is full"):
        steps.run(Step("one", "", full))


def test_another_failure_of_the_system_is_not_taken_for_a_full_disk(steps):
    def denied():
        raise PermissionError(errno.EACCES, "denied")

    with pytest.raises(PermissionError):
        steps.run(Step("one", "", denied))


def test_a_file_written_atomically_is_whole_or_old(tmp_path):
    path = tmp_path / "folder" / "file"
    write_atomically(path, "first")
    write_atomically(path, "second", mode=0o600)
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["file"]
