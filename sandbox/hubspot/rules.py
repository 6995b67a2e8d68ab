"""What an admin demands of every write, from API version 2026-09 on.

Source: changelog "CRM API write validation enforcement". Promise: fields required on the create
form and conditionally required ones are refused with their codes; older versions do not look.
Weakness: the exact body is not published, only the codes.
"""

from __future__ import annotations

from .config import Rules
from .errors import ApiError, bad_request
from .kinds import Kind


def missing_properties(
    rules: Rules,
    kind: Kind,
    after: dict[str, str | None],
    written: dict[str, str | None],
    version: str,
) -> ApiError | None:
    """The refusal of a write that would leave ``after``, or None."""
    if version < "2026-09" or not version[:1].isdigit():
        return None
    always = [name for name in rules.required.get(kind.name, []) if not after.get(name)]
    if always:
        return _refusal("MISSING_REQUIRED_PROPERTY", always)
    for rule in rules.conditional.get(kind.name, []):
        name, value = rule["property"], rule["value"]
        lacking = [other for other in rule["require"] if not after.get(other)]
        if name in written and after.get(name) == value and lacking:
            return _refusal("MISSING_CONDITIONAL_REQUIRED_PROPERTY", lacking)
    return None


def _refusal(code: str, names: list[str]) -> ApiError:
    text = f"Required properties are missing: {', '.join(names)}"
    errors = [
        {"message": f"{name} is required", "code": code, "context": {"propertyName": [name]}}
        for name in names
    ]
    return bad_request(text, errors=errors, context={"propertyName": names})
