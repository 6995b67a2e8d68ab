"""Names of records a log speaks of, for the person who reads it: no name without access."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from odoo.api import Environment


def record_names(env: Environment, pairs: Iterable[tuple[str, int]]) -> dict:
    """``{(model, id): display name}`` of the records that exist and that the user may read.

    One read a model, archived records included. What is missing has no key.
    """
    ids = defaultdict(set)
    for model, res_id in pairs:
        if model in env and res_id:
            ids[model].add(res_id)
    names = {}
    for model, wanted in ids.items():
        records = env[model].with_context(active_test=False).browse(sorted(wanted)).exists()
        for record in records._filtered_access('read'):
            names[model, record.id] = record.display_name
    return names
