"""Running other programs: output to a log, a failure as a sentence, nothing inherited from our
stdin.

Promises: a failing program raises `Problem` with the end of its output and the log's path; a full
disk is recognised in that output. Weakness: it looks for the disk's message in English or by errno
only, so children run with LC_ALL=C.UTF-8.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .lock import held
from .problems import Problem, disk_full

TAIL_LINES = 15


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment, with messages in English and UTF-8, plus `extra`."""
    return {**os.environ, "LC_ALL": "C.UTF-8", **(extra or {})}


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    remedy: str = "",
    user: str | None = None,
) -> None:
    """Run `command` to its end, appending its output to `log`; raise `Problem` if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    start = log.stat().st_size if log.exists() else 0
    words = [str(word) for word in command]
    with log.open("ab") as output:
        output.write(f"$ {' '.join(words)}\n".encode())
        output.flush()
        code = _call(words, output, cwd, env, user)
    if code:
        raise _failure(words, code, log, start, remedy)


def _call(words, output, cwd, env, user) -> int:
    identity = {"user": user, "extra_groups": []} if user else {}
    try:
        return subprocess.call(
            words,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=child_environment(env),
            pass_fds=held(),
            **identity,
        )
    except FileNotFoundError as error:
        raise Problem(
            f"The program {words[0]} is not there.", "Install it and run again."
        ) from error


def _failure(words: list[str], code: int, log: Path, start: int, remedy: str) -> Problem:
    with log.open("rb") as output:
        output.seek(start)
        text = output.read().decode(errors="replace")
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return disk_full(log.parent)
    tail = "\n".join("    " + line for line in text.splitlines()[-TAIL_LINES:])
    name = Path(words[0]).name
    return Problem(f"{name} ended with code {code}; all of its output is in {log}:\n{tail}", remedy)


def foreground(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None
) -> int:
    """Run `command` on our own terminal and return its exit code.

    Ctrl-C is the command's to answer, in its own time: a terminal sends it to both of us, so we
    ignore it; without a terminal, and for SIGTERM, we pass it on.
    """
    child = subprocess.Popen([str(word) for word in command], cwd=cwd, env=child_environment(env))

    def pass_on(number: int, _frame: object) -> None:
        child.send_signal(number)

    interrupted = signal.SIG_IGN if sys.stdin.isatty() else pass_on
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, interrupted),
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
    }
    try:
        return child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def output_of(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> str:
    """What `command` prints, or '' when it is missing or fails: for questions where no answer is an
    answer.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=child_environment(env),
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.decode(errors="replace")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def require_port(port: int, option: str = "--port") -> None:
    """Raise `Problem` when `port` on the loopback interface is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Problem(
                f"Port {port} is reserved for root.",
                f"Choose one above 1023, for example {option} 8069.",
            ) from error
        except (OSError, OverflowError) as error:
            raise Problem(
                f"Port {port} on 127.0.0.1 cannot be used: {error}.",
                f"Stop what listens there, or choose another: {option} {free_port()} is free now.",
            ) from error
