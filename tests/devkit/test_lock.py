"""Two set-ups of one checkout never work against each other."""

import subprocess
import sys
import threading

from devkit.lock import exclusive
from devkit.process import run


def test_the_second_waits_for_the_first_and_says_so(tmp_path):
    said, entered = [], threading.Event()

    def second():
        with exclusive(tmp_path / "lock", say=said.append):
            entered.set()

    with exclusive(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.2)
    thread.join(timeout=5)
    assert entered.is_set()
    assert "waiting" in said[0]


def test_a_program_left_behind_by_a_killed_dev_keeps_the_lock(tmp_path):
    # The child reports that it runs, ./dev is killed, and only then may the child end.
    orphan = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(float(sys.argv[2]))"
    dev = f"""
import os, signal, sys, threading, time
from pathlib import Path
from devkit.lock import exclusive
from devkit.process import run

started = Path({str(tmp_path / "started")!r})

def kill_myself():
    while not started.exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=kill_myself).start()
with exclusive(Path({str(tmp_path / "lock")!r})):
    log = Path({str(tmp_path / "log")!r})
    run([sys.executable, "-c", {orphan!r}, str(started), "0.7"], log=log)
"""
    ended = subprocess.run([sys.executable, "-c", dev], env={"PYTHONPATH": ":".join(sys.path)})
    assert ended.returncode == -9
    said = []
    with exclusive(tmp_path / "lock", say=said.append):
        assert "waiting" in said[0]


def test_the_lock_is_free_again_after_a_child_has_inherited_it(tmp_path):
    said = []
    with exclusive(tmp_path / "lock"):
        run([sys.executable, "-c", "pass"], log=tmp_path / "log")
    with exclusive(tmp_path / "lock", say=said.append):
        assert said == []
