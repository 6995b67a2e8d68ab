"""What moves on a terminal stays out of a log, and never mixes with the lines that remain."""

import io
import threading
import time

import pytest

from devkit.ticker import Ticker, bar, last_of


class Terminal(io.StringIO):
    def isatty(self):
        return True


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_log_gets_the_lines_and_nothing_else():
    out = io.StringIO()
    ticker = Ticker(out)
    with ticker.showing("packages"):
        ticker.say("one line")
    assert out.getvalue() == "one line\n"


def test_a_terminal_shows_what_runs_and_clears_it_before_a_line():
    out = Terminal()
    ticker = Ticker(out)
    with ticker.showing("packages", lambda: 0.25):
        wait_for(lambda: "packages [#####---------------]  25% 0 s" in out.getvalue())
        ticker.say("one line")
    assert "\r\x1b[Kone line\n" in out.getvalue()


def test_the_terminal_is_left_clean_when_nothing_runs_any_more():
    out = Terminal()
    ticker = Ticker(out)
    with ticker.showing("packages"):
        wait_for(lambda: "packages" in out.getvalue())
    wait_for(lambda: threading.active_count() == 1)
    assert out.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("fraction", [-1, 0, 0.001, 0.5, 0.999, 1, 7])
def test_a_bar_is_always_of_one_width(fraction):
    assert len(bar(fraction)) == len("[####################] 100%")


def test_progress_is_the_last_one_told(tmp_path):
    log = tmp_path / "log"
    progress = last_of(log)
    assert progress() is None
    log.write_text("Loading module base (1/4)\nLoading module mail (3/4)\nsomething else\n")
    assert progress() == 0.75
