"""CPU seconds are of a process and all below it, those that have ended included."""

import os
import subprocess
import sys

from bench.cpu import Meter, Process, parsed, seconds, table, tree

BURN = "import time; e = time.process_time() + 0.3\nwhile time.process_time() < e: pass"
STAT = b"42 (odd) (name) S 7 42 42 0 -1 4194560 1 1 0 0 150 50 25 75 20 0 1 0 999 0 0"


def test_a_line_of_proc_is_read_past_any_name():
    assert parsed(STAT, ticks=100) == Process(parent=7, seconds=3.0)


def test_a_tree_is_a_process_and_all_below_it():
    processes = {
        1: Process(0, 9), 2: Process(1, 1), 3: Process(2, 2), 4: Process(1, 4), 5: Process(3, 8),
    }  # fmt: skip
    assert tree(processes, 2) == {2, 3, 5}
    assert seconds(processes, [2]) == 11
    assert seconds(processes, [2, 4]) == 15


def test_what_is_not_there_has_no_figure():
    assert tree({}, 2) == set()
    assert seconds({1: Process(0, 9)}, [1, 2]) is None


def test_a_child_that_has_ended_still_counts():
    assert os.getpid() in table()
    with Meter({"us": [os.getpid()], "nobody": []}) as meter:
        subprocess.run([sys.executable, "-c", BURN], check=True)
    assert meter.cpu("us") >= 0.25
    assert meter.cpu("nobody") is None
    assert meter.wall >= 0.25
