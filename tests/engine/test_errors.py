"""Error classes: what a failure is called, and which failures are one."""

from __future__ import annotations

import pytest

from engine import errors


def _tree(cls=errors.SyncError):
    return [cls, *(sub for child in cls.__subclasses__() for sub in _tree(child))]


@pytest.mark.parametrize('cls', _tree()[1:], ids=lambda cls: cls.__name__)
def test_every_error_has_a_class_that_may_be_stored(cls):
    assert cls.error_class in errors.ERROR_CLASSES
    assert errors.classify(cls('x')) == cls.error_class


def test_what_was_not_raised_on_purpose_is_a_bug():
    assert errors.classify(KeyError('x')) == 'bug'


def test_the_message_serves_the_user_where_there_is_no_other():
    assert errors.DataError('technical').user_message == 'technical'
    assert errors.DataError('technical', user_message='plain').user_message == 'plain'


def test_a_wrong_setting_stops_the_connection_and_no_record():
    assert issubclass(errors.ConfigurationError, errors.AuthError)


def test_failures_of_one_cause_have_one_fingerprint_whatever_the_record():
    first = errors.DataError("contact 17 'Ada' <ada@x.example> refused")
    second = errors.DataError("contact 99 'Bob' <bob@y.example> refused")
    assert first.fingerprint == second.fingerprint


def test_the_code_and_field_of_the_remote_outweigh_the_words():
    one = errors.DataError('some words', code='INVALID_EMAIL', field='email')
    same = errors.DataError('other words', code='INVALID_EMAIL', field='email')
    other = errors.DataError('some words', code='INVALID_EMAIL', field='work_email')
    assert one.fingerprint == same.fingerprint == 'data|INVALID_EMAIL|email'
    assert one.fingerprint != other.fingerprint
