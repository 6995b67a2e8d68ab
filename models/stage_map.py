"""Pairing the stages of a remote pipeline with those of the CRM, as a first proposal.

A stage of the same name wins; a won stage goes to a won stage; a lost one is no stage in Odoo but
an archived opportunity; what is left is paired by its position among the open stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from odoo.tools import groupby


def stage_params(
    options: Iterable[Mapping[str, Any]], stages: Sequence[tuple[int, str, bool]]
) -> dict[str, Any]:
    """The ``params`` of a stage line.

    :param options: discovered options, ``{value, label, meta}``; ``meta`` holds ``pipeline``,
        ``isClosed``, ``probability`` and ``display_order``, as text or as values
    :param stages: ``(id, name, is won)`` of the CRM's stages, in their order
    :return: ``map`` (remote stage → id), ``lost`` (a remote stage, where there is one) and
        ``companion`` (the pipeline every remote stage has to be written with)
    """
    options = sorted(options, key=lambda option: (_meta(option, 'pipeline'), _order(option)))
    params: dict[str, Any] = {'map': {}}
    for _pipeline, group in groupby(options, key=lambda option: _meta(option, 'pipeline')):
        params['map'].update(_pair(group, stages))
    lost = [option['value'] for option in options if _is_lost(option)]
    if lost:
        params['lost'] = lost[0]
    pipelines = {option['value']: _meta(option, 'pipeline') for option in options}
    if any(pipelines.values()):
        params['companion'] = {'field': 'pipeline', 'values': pipelines}
    return params


def _pair(options, stages):
    named = {name.strip().casefold(): stage_id for stage_id, name, _won in stages}
    won = [stage_id for stage_id, _name, is_won in stages if is_won] or [stages[-1][0]]
    still_open = [stage_id for stage_id, _name, is_won in stages if not is_won] or won
    remote_open = [option for option in options if not _is_closed(option)]
    paired = {}
    for option in options:
        label = option['label'].strip().casefold()
        if label in named:
            paired[option['value']] = named[label]
        elif _is_closed(option) and not _is_lost(option):
            paired[option['value']] = won[0]
        elif not _is_closed(option):
            position = remote_open.index(option) * len(still_open) // len(remote_open)
            paired[option['value']] = still_open[position]
    return paired


def _meta(option, name):
    value = (option.get('meta') or {}).get(name)
    return '' if value is None else str(value)


def _number(option, name):
    try:
        return float(_meta(option, name))
    except ValueError:
        return 0.0


def _order(option):
    return _number(option, 'display_order')


def _is_closed(option):
    return _meta(option, 'isClosed').lower() == 'true'


def _is_lost(option):
    return _is_closed(option) and not _number(option, 'probability')
