"""What is missing on a machine is told in words."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from devkit import apt, odoo_source, process
from devkit.problems import Problem

TARGETS = """\
http://vendor.example/repo|nodistro|main
http://mirror.example/debian-security|bookworm-security|main
http://mirror.example/debian|bookworm|contrib
http://mirror.example/debian|bookworm|main
http://other.example/debian|bookworm-updates|main
"""


def test_the_mirror_is_the_distributions_and_no_vendors():
    assert apt.pick_mirror(TARGETS, "bookworm") == "http://mirror.example/debian"


def test_a_rolling_release_is_a_mirror_too():
    assert apt.pick_mirror("http://m.example/debian|sid|main", "") == "http://m.example/debian"


def test_vendors_sources_alone_are_no_mirror():
    assert apt.pick_mirror("http://vendor.example/repo|nodistro|main\n\n", "bookworm") is None


def test_a_port_that_is_taken_is_told_with_one_that_is_free():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(Problem, match=rf"Port {taken} ") as caught:
            process.require_port(taken)
    offered = re.search(r"--port (\d+) is free now", caught.value.remedy)[1]
    process.require_port(int(offered))


def test_odoo_home_without_odoo_is_told(layout, tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    with pytest.raises(Problem, match=r"ODOO_HOME .* holds no Odoo"):
        odoo_source.steps(layout)


def test_odoo_home_of_another_version_is_told(layout, tmp_path, monkeypatch):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo" / "release.py").write_text("version_info = (18, 0, 0, FINAL, 0, '')\n")
    monkeypatch.setenv("ODOO_HOME", str(tmp_path))
    with pytest.raises(Problem, match=r"is not Odoo 19\.0"):
        odoo_source.steps(layout)


def test_a_failing_program_is_told_with_the_end_of_its_output_and_the_log(tmp_path):
    log = tmp_path / "logs" / "program.log"
    script = "print('first'); print('the reason'); raise SystemExit(3)"
    with pytest.raises(Problem, match="code 3") as caught:
        process.run([sys.executable, "-c", script], log=log, remedy="Do this.")
    assert "the reason" in str(caught.value)
    assert str(log) in str(caught.value)
    assert str(caught.value).endswith("Do this.")


def test_a_full_disk_is_seen_in_a_programs_output(tmp_path):
    script = "import sys; sys.exit('OSError: [Errno 28] No space left on device')"
    with pytest.raises(Problem, match=r"disk .* is full"):
        process.run([sys.executable, "-c", script], log=tmp_path / "log")


def test_an_earlier_full_disk_in_the_log_is_not_taken_for_the_present_failure(tmp_path):
    log = tmp_path / "log"
    log.write_text("No space left on device\n")
    with pytest.raises(Problem, match="code 1"):
        process.run([sys.executable, "-c", "raise SystemExit(1)"], log=log)


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Problem, match="no-such-program is not there"):
        process.run(["no-such-program"], log=tmp_path / "log")


def test_dev_parses_under_pythons_that_odoo_does_not_support():
    # `ast` can hold a file to an older grammar; dev is what tells such a Python to step aside.
    check = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 6))"
    dev = Path(__file__).parents[2] / "dev"
    subprocess.run([sys.executable, "-c", check, str(dev)], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_in_the_foreground_answers_an_interruption_itself(tmp_path, number):
    # It takes its time to put things away; killing it after Ctrl-C would leave servers behind.
    command = """
import signal, sys, time
def put_away(*_):
    time.sleep(0.6)
    sys.exit(7)
signal.signal(signal.SIGINT, put_away)
signal.signal(signal.SIGTERM, put_away)
print("ready", flush=True)
time.sleep(30)
"""
    dev = f"""
import sys
from pathlib import Path
from devkit.process import foreground
sys.exit(foreground([sys.executable, "-c", {command!r}], cwd=Path.cwd()))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", dev],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.wait(timeout=10) == 7
