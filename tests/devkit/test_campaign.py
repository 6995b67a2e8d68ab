"""A suite that hangs ends, and is told."""

import subprocess
import sys

import pytest

from devkit import campaign
from devkit.problems import Problem


def child(code):
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)


def test_a_suite_in_time_gives_its_exit_code():
    assert campaign._ended(child("raise SystemExit(5)"), "odoo", 30) == 5


@pytest.mark.parametrize("answer", ["KeyboardInterrupt", "SIG_IGN"])
def test_a_suite_that_hangs_is_killed_even_if_it_ignores_being_asked(monkeypatch, answer):
    monkeypatch.setattr(campaign, "GRACE_SECONDS", 0.2)
    ignore = "signal.signal(signal.SIGINT, signal.SIG_IGN);" if answer == "SIG_IGN" else ""
    process = child(f"import signal, time; {ignore} time.sleep(60)")
    with pytest.raises(Problem, match="suite odoo did not end within"):
        campaign._ended(process, "odoo", 0.5)
    assert process.poll() is not None
