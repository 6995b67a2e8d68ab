"""The virtual environment in `.dev/venv` with everything requirements.txt pins.

`uv` does the work where it is there, `pip` otherwise. uv reads none of pip's configuration, so when
uv cannot reach the packages the same is tried with pip before giving up. A Python without ensurepip
(Debian splits it off) is helped by uv or virtualenv, or gets a sentence.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from .layout import Layout
from .problems import Problem
from .process import output_of, run
from .steps import Step, digest

NO_VENV = (
    f"Install it (Debian and Ubuntu: apt install python3.{sys.version_info[1]}-venv), or uv, or"
    " virtualenv, and run the same command again."
)
# Bytecode goes to .dev/pycache when a module is first imported; compiling all of it costs 10 s.
PIP_OPTIONS = ("--no-compile", "--disable-pip-version-check", "--no-input", "--progress-bar", "off")
NETWORK = (
    "If the network broke, run the same command again: what was downloaded is kept. Behind a"
    " proxy or a package mirror, configure pip as usual (PIP_INDEX_URL, pip.conf)."
)


def step(layout: Layout) -> Step:
    version = "%d.%d" % sys.version_info[:2]
    return Step(
        name="python",
        title=f"Python {version} and its packages",
        work=lambda: _build(layout),
        key=digest(version, layout.requirements.read_text(encoding="utf-8")),
        present=lambda: works(layout),
    )


def works(layout: Layout) -> bool:
    """Whether the environment's interpreter starts and is of our own version."""
    version = output_of([layout.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
    return version.strip() == "%d.%d" % sys.version_info[:2]


def site_packages(layout: Layout) -> Path:
    return layout.venv / "lib" / ("python%d.%d" % sys.version_info[:2]) / "site-packages"


def _build(layout: Layout) -> str | None:
    problems = []
    for tool, build in _ways():
        try:
            build(layout)
            return tool
        except Problem as problem:
            problems.append(problem)
    if not problems:
        raise Problem("This Python cannot make virtual environments (no ensurepip).", NO_VENV)
    raise problems[-1]


def _ways() -> list[tuple[str, Callable[[Layout], None]]]:
    ways: list[tuple[str, Callable[[Layout], None]]] = []
    if shutil.which("uv"):
        ways.append(("with uv", _build_with_uv))
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        ways.append(("with pip", _build_with_pip))
    elif importlib.util.find_spec("virtualenv"):
        ways.append(("with virtualenv", _build_with_virtualenv))
    return ways


def _build_with_uv(layout: Layout) -> None:
    log = layout.logs / "python.log"
    if not works(layout):
        run(["uv", "venv", "--clear", "--python", sys.executable, layout.venv], log=log)
    install = ["uv", "pip", "install", "--python", layout.python, "-r", layout.requirements]
    run(install, log=log, remedy=NETWORK)


def _build_with_pip(layout: Layout) -> None:
    _create(layout, [sys.executable, "-m", "venv", "--clear", layout.venv])
    _pip_install(layout)


def _build_with_virtualenv(layout: Layout) -> None:
    _create(layout, [sys.executable, "-m", "virtualenv", "--clear", layout.venv])
    _pip_install(layout)


def install_into(layout: Layout, target: Path, requirements: Path) -> None:
    """Install what `requirements` pins, and nothing that it would bring along, into a new folder:
    for what only one command needs and the environment must not know.
    """
    draft = target.with_name(f"{target.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    if _has_pip(layout):
        command = [layout.python, "-m", "pip", "install", *PIP_OPTIONS]
    else:
        command = ["uv", "pip", "install", "--python", layout.python]
    words = ["--no-deps", "--target", draft, "-r", requirements]
    run([*command, *words], log=layout.logs / "python.log", remedy=NETWORK)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _create(layout: Layout, command: list) -> None:
    if not (works(layout) and _has_pip(layout)):
        run(command, log=layout.logs / "python.log", remedy=NO_VENV)


def _has_pip(layout: Layout) -> bool:
    return bool(output_of([layout.python, "-m", "pip", "--version"]))


def _pip_install(layout: Layout) -> None:
    command = [layout.python, "-m", "pip", "install", *PIP_OPTIONS, "-r", layout.requirements]
    run(command, log=layout.logs / "python.log", remedy=NETWORK)
