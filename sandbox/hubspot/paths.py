"""Brings the paths of all API versions into one form.

Promise: ``/crm/v3/objects/contacts``, ``/crm/objects/2026-09/contacts`` and the other families give
a version and one path without it. Weakness: betas and versions that nobody uses yet are unknown.
"""

from __future__ import annotations

import re

DATED = ("2026-03", "2026-09")
VERSIONS = {
    "crm/objects": ("v3", "v4", *DATED),
    "crm/properties": ("v3", *DATED),
    "crm/pipelines": ("v3", *DATED),
    "crm/owners": ("v3", *DATED),
    "crm/associations": ("v4", *DATED),
    "account-info": ("v3", *DATED),
    "oauth": ("v1", "v3", *DATED),
}
_OLD = re.compile(r"/crm/(v3|v4)/(objects|properties|pipelines|owners|associations)(/.*)?")
_NEW = re.compile(
    r"/(crm/(?:objects|properties|pipelines|owners|associations)|account-info|oauth)"
    r"/(v1|v3|v4|2026-03|2026-09)(/.*)?"
)


def normalise(path: str) -> tuple[str, str] | None:
    """``/crm/v3/owners/7`` as ``("v3", "/crm/owners/7")``; None for what does not exist."""
    if match := _OLD.fullmatch(path):
        version, family, rest = match[1], f"crm/{match[2]}", match[3] or ""
    elif match := _NEW.fullmatch(path):
        family, version, rest = match[1], match[2], match[3] or ""
        if family.startswith("crm/") and version not in DATED:
            return None
    else:
        return None
    if version not in VERSIONS[family]:
        return None
    if version == "v4" and family == "crm/objects" and "/associations/" not in rest:
        return None
    return version, f"/{family}{rest.rstrip('/')}"
