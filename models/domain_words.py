"""Domains in plain words, for people who ask why a filter leaves a record out.

Weakness: a condition through a long path is named by its last field only.
"""

from __future__ import annotations

from odoo.fields import Domain
from odoo.orm.domains import DomainAnd, DomainCondition, DomainNot, DomainOr


def failing_conditions(record, domain: Domain) -> list[Domain]:
    """The parts of ``domain`` that all have to hold, and that ``record`` does not meet."""
    parts = domain.children if isinstance(domain, DomainAnd) else (domain,)
    return [part for part in parts if not record.filtered_domain(part)]


def in_words(model, domain: Domain) -> str:
    """``domain`` as a phrase, for example 'Type is Opportunity'."""
    env = model.env
    if isinstance(domain, DomainCondition):
        return _condition(model, domain)
    if isinstance(domain, DomainNot):
        return env._('not (%s)', in_words(model, domain.child))
    if isinstance(domain, DomainAnd):
        return env._(' and ').join(in_words(model, child) for child in domain.children)
    if isinstance(domain, DomainOr):
        choices = env._(' or ').join(in_words(model, child) for child in domain.children)
        return env._('either %s', choices)
    return env._('always') if domain.is_true() else env._('never')


def present_value(record, condition: Domain) -> str | None:
    """What ``record`` holds in the field of a simple condition; None for any other domain."""
    if not isinstance(condition, DomainCondition):
        return None
    field = last_field(record, condition.field_expr)
    if field is None or field.type in ('binary', 'json', 'properties'):
        return None
    path, _dot, name = condition.field_expr.rpartition('.')
    holders = record.mapped(path) if path else record
    values = [_value(holder, field, holder[name]) for holder in holders]
    return ', '.join(values) or record.env._('empty')


def last_field(model, path: str):
    """The field a path ends in, or None."""
    field = None
    for name in path.split('.'):
        field = model._fields.get(name) if model is not None else None
        if field is None:
            return None
        model = model.env[field.comodel_name] if field.relational else None
    return field


def _condition(model, condition):
    field = last_field(model, condition.field_expr)
    label = field._description_string(model.env) if field is not None else condition.field_expr
    operator, value = condition.operator, condition.value
    if field is not None and not value and operator in ('=', '!='):
        return _blank(model.env, field, label, operator)
    return f'{label} {_operator(model.env, operator)} {_operand(model, field, value)}'.strip()


def _blank(env, field, label, operator):
    if field.type == 'boolean':
        return env._('%s is off', label) if operator == '=' else env._('%s is on', label)
    return env._('%s is empty', label) if operator == '=' else env._('%s is filled in', label)


def _operator(env, operator):
    words = {
        '=': env._('is'), '!=': env._('is not'),
        'in': env._('is one of'), 'not in': env._('is none of'),
        '<': env._('is below'), '<=': env._('is at most'),
        '>': env._('is above'), '>=': env._('is at least'),
        'like': env._('contains'), 'not like': env._('does not contain'),
        'ilike': env._('contains'), 'not ilike': env._('does not contain'),
        '=like': env._('is like'), '=ilike': env._('is like'),
        'child_of': env._('belongs to'), 'parent_of': env._('contains'),
    }
    return words.get(operator, operator)


def _operand(model, field, value):
    if field is not None and field.type == 'boolean':
        return model.env._('on') if value else model.env._('off')
    values = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if all(value is None or value is False for value in values):
        return model.env._('empty')
    return ', '.join(_constant(model, field, item) for item in values)


def _constant(model, field, value):
    if field is None or isinstance(value, Domain):
        return f'"{value}"'
    if field.type == 'selection':
        return f'"{dict(field._description_selection(model.env)).get(value, value)}"'
    if field.relational and isinstance(value, int) and not isinstance(value, bool):
        return f'"{model.env[field.comodel_name].browse(value).exists().display_name or value}"'
    return f'"{value}"'


def _value(record, field, value):
    if field.relational:
        return ', '.join(value.mapped('display_name')) or record.env._('empty')
    if field.type == 'boolean':
        return record.env._('on') if value else record.env._('off')
    if field.type == 'selection' and value:
        return str(dict(field._description_selection(record.env)).get(value, value))
    is_empty = value is None or value is False or value == ''
    return record.env._('empty') if is_empty else str(value)
