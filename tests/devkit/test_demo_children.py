"""Whatever way a demo ends, its processes end too, and nobody else's."""

import json
import subprocess
import sys
import time

import pytest

from devkit.demo import children

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    " print('ready', flush=True); time.sleep(60)",
]


@pytest.fixture
def leftover():
    process = subprocess.Popen(SLEEP, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def record(layout, *rows):
    path = layout.state / "demo-processes.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_processes_end_with_the_block_in_the_opposite_order(layout):
    with children.Children(layout) as some:
        first = some.start("first", SLEEP)
        second = some.start("second", SLEEP)
        rows = json.loads((layout.state / "demo-processes.json").read_text(encoding="utf-8"))
        assert [row["pid"] for row in rows] == [first.pid, second.pid]
        assert some.dead() is None
    assert first.poll() is not None and second.poll() is not None
    assert json.loads((layout.state / "demo-processes.json").read_text(encoding="utf-8")) == []


def test_a_process_that_ignores_the_request_is_killed(layout, monkeypatch):
    monkeypatch.setattr(children, "STOP_SECONDS", 0.2)
    with children.Children(layout) as some:
        process = some.start("stubborn", STUBBORN, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
    assert process.returncode == -9


def test_a_process_that_ends_by_itself_is_noticed(layout):
    with children.Children(layout) as some:
        some.start("short", [sys.executable, "-c", ""]).wait()
        assert some.dead() == "short"


def test_what_a_killed_run_left_behind_is_ended(layout, leftover):
    row = {"name": "odoo", "pid": leftover.pid, "started": children.started(leftover.pid)}
    path = record(layout, row)
    assert children.end_leftovers(layout) == ["odoo"]
    assert leftover.wait(5) == -15
    assert not path.exists()


def test_a_process_that_merely_has_the_number_is_left_alone(layout, leftover):
    record(layout, {"name": "odoo", "pid": leftover.pid, "started": "long ago"})
    assert children.end_leftovers(layout) == []
    time.sleep(0.1)
    assert leftover.poll() is None


def test_without_a_record_nothing_is_ended(layout):
    assert children.end_leftovers(layout) == []
    record(layout)
    (layout.state / "demo-processes.json").write_text("{broken", encoding="utf-8")
    assert children.end_leftovers(layout) == []


def test_a_process_that_is_gone_has_no_start():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert children.started(process.pid) is None
