"""Pause points: nothing unless asked for, and exactly what was asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import pause

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.delenv(pause.VARIABLE, raising=False)
    monkeypatch.setattr(pause, '_passages', type(pause._passages)())


@pytest.fixture
def struck(monkeypatch):
    actions = []
    for action in ('kill', 'sleep'):
        monkeypatch.setitem(pause._ACTIONS, action, lambda action=action: actions.append(action))
    return actions


def test_a_point_does_nothing_unless_asked_for(struck):
    for name in pause.POINTS:
        pause.point(name)
    assert struck == []


@pytest.mark.parametrize('name', pause.POINTS)
def test_it_strikes_at_the_named_passage_of_the_named_point_only(monkeypatch, struck, name):
    monkeypatch.setenv(pause.VARIABLE, f'{name}:kill:3')
    for passage in range(1, 6):
        for other in pause.POINTS:
            pause.point(other)
        assert struck == (['kill'] if passage >= 3 else [])


def test_several_points_may_be_named_and_the_first_passage_is_meant_unless_given(
    monkeypatch, struck
):
    monkeypatch.setenv(pause.VARIABLE, 'after_call:sleep, before_commit:kill:2')
    pause.point('after_call')
    pause.point('before_commit')
    assert struck == ['sleep']
    pause.point('before_commit')
    assert struck == ['sleep', 'kill']


@pytest.mark.parametrize(
    'text',
    ['after_call', 'nowhere:kill', 'after_call:explode', 'after_call:kill:0', 'after_call:kill:x',
     'after_call:kill:1:2', ','],
)  # fmt: skip
def test_a_variable_that_does_not_read_is_refused_with_a_hint(monkeypatch, text):
    monkeypatch.setenv(pause.VARIABLE, text)
    with pytest.raises(ValueError, match='name:action'):
        pause.point('after_call')


def test_kill_leaves_no_chance_to_clean_up():
    code = (
        'import atexit; from engine import pause; atexit.register(print, "cleaned up")\n'
        'try: pause.point("after_call")\n'
        'finally: print("finally")'
    )
    run = subprocess.run(
        [sys.executable, '-c', code],
        cwd=CHECKOUT,
        env=os.environ | {pause.VARIABLE: 'after_call:kill'},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (-9, b'')


def test_sleep_is_long_enough_to_be_killed_in(monkeypatch):
    slept = []
    monkeypatch.setattr('time.sleep', slept.append)
    monkeypatch.setenv(pause.VARIABLE, 'after_call:sleep')
    pause.point('after_call')
    assert slept == [3600]


def test_an_order_in_the_folder_strikes_whoever_passes_first_and_nobody_else(
    monkeypatch, struck, tmp_path
):
    monkeypatch.setenv(pause.VARIABLE, str(tmp_path))
    pause.point('before_call')
    assert struck == []
    (tmp_path / 'before_call.kill').touch()
    pause.point('after_call')
    assert struck == []
    pause.point('before_call')
    pause.point('before_call')
    assert struck == ['kill']
    assert [path.name for path in tmp_path.iterdir()] == [f'before_call.kill.{os.getpid()}']
