"""Whether both sides hold the same, field by field, by rules of its own.

Pure: :class:`~.sides.Sides` in, sentences out. For every live link and every line of its mapping,
both values are brought into a form a person would call equal (a telephone number is its digits, a
country its name) and compared. What a rule cannot judge is not skipped: an unknown converter
raises. Then the other way round: nothing alive may be without a link, or have two.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .sides import Sides

#: The objects whose records are people.
PERSONS = ("contacts", "Contact")
#: Countries that the two lists call differently.
SAME_COUNTRY = {"czechia": "czechrepublic", "turkey": "turkiye", "vietnam": "vietnam"}


def in_step(sides: Sides, failing: set[str]) -> list[dict]:
    """The live links that have to be equal.

    :param failing: what waits in Failures, as `kind/remote id` or `model,record id`
    """
    return [
        link
        for link in sides.live_links()
        if f"{link['remote_object']}/{link['remote_id']}" not in failing
        and f"{link['res_model']},{link['res_id']}" not in failing
    ]


def differences(sides: Sides, failing: set[str]) -> Iterator[str]:
    """A sentence for every linked field that is not equal on both sides."""
    judge = _Judge(sides)
    for link in in_step(sides, failing):
        place = (
            f"{link['remote_object']} {link['remote_id']} = {link['res_model']} {link['res_id']}"
        )
        record = sides.odoo[link["res_model"]].get(link["res_id"])
        remote = sides.remote[link["remote_object"]].get(link["remote_id"])
        if record is None or remote is None or remote["archived"]:
            yield f"{place}: {sides.name if record else 'Odoo'} has no such record"
            continue
        for line in sides.lines[link["remote_object"]]:
            ours, theirs = judge.pair(line, record, remote)
            if ours != theirs:
                yield f"{place}, {line['odoo_field']}: Odoo {ours!r}, {sides.name} {theirs!r}"


def unlinked(sides: Sides, failing: set[str]) -> Iterator[str]:
    """A sentence for every live record of the account without an Odoo record."""
    known = {f"{link['remote_object']}/{link['remote_id']}" for link in sides.live_links()}
    for kind, records in sides.remote.items():
        for remote_id, record in records.items():
            place = f"{kind}/{remote_id}"
            if not record["archived"] and place not in known | failing:
                yield f"{sides.name}'s {place} is not in Odoo"


def duplicates(sides: Sides, failing: set[str]) -> Iterator[str]:
    """A sentence for everything that is there twice on either side."""
    live = sides.live_links()
    targets = Counter((link["remote_object"], link["remote_id"]) for link in live)
    sources = Counter((link["remote_object"], link["res_model"], link["res_id"]) for link in live)
    yield from (f"{key} is linked {n} times" for key, n in (targets + sources).items() if n > 1)
    for kind, records in sides.remote.items():
        keys = Counter(
            record["properties"].get(sides.own_id)
            for record in records.values()
            if not record["archived"]
        )
        yield from (
            f"{sides.name} has {n} {kind} of {key}" for key, n in keys.items() if key and n > 1
        )
    people = Counter(
        str(sides.odoo["res.partner"][link["res_id"]]["email"] or "").lower()
        for link in in_step(sides, failing)
        if link["remote_object"] in PERSONS and link["res_id"] in sides.odoo["res.partner"]
    )
    yield from (f"Odoo has {n} contacts of {mail}" for mail, n in people.items() if mail and n > 1)


class _Judge:
    """Pairs of comparable values for a line of a mapping."""

    def __init__(self, sides: Sides):
        self._sides = sides
        self._remote_of = {
            (link["res_model"], link["res_id"], link["remote_object"]): link["remote_id"]
            for link in sides.live_links()
        }
        self._gone: set[tuple[str, int]] = set()
        by_id = {link["id"]: link for link in sides.links}
        for link in sides.links:
            survivor = by_id.get(link["merged_into_id"] or 0)
            if survivor:
                key = (link["res_model"], link["res_id"], link["remote_object"])
                self._remote_of.setdefault(key, survivor["remote_id"])
            elif link["deleted_at"]:
                self._gone.add((link["res_model"], link["res_id"]))

    def pair(self, line: dict, record: dict, remote: dict) -> tuple[Any, Any]:
        if line.get("default") and not record[line["odoo_field"]]:
            return "", ""  # what the account demands and Odoo lacks is the mapping's to fill in
        special = getattr(self, f"_{line['converter']}", None)
        if special:
            return special(line, record, remote)
        plain = PLAIN[line["converter"]]
        values = [remote["properties"].get(name) or "" for name in line["remote_field"].split("+")]
        theirs = " ".join(str(value) for value in values if value)
        return plain(record[line["odoo_field"]] or ""), plain(theirs)

    def _country(self, line: dict, record: dict, remote: dict) -> tuple[str, str]:
        ours = self._sides.countries.get(record["country_id"] or 0, "")
        theirs = remote["properties"].get(line["remote_field"]) or ""
        return _country_name(ours), _country_name(theirs)

    def _owner(self, line: dict, record: dict, remote: dict) -> tuple[str, str]:
        """Of a user whom the account does not know, nothing can be said there: it keeps the owner
        it has. An owner whom Odoo does not know is nobody to Odoo.
        """
        users, owners = self._sides.users, self._sides.owners
        ours = users.get(record["user_id"] or 0, "")
        if ours and ours not in owners.values():
            return "", ""
        theirs = owners.get(remote["properties"].get(line["remote_field"]) or "", "")
        return ours, theirs if theirs in users.values() else ""

    def _stage(self, line: dict, record: dict, remote: dict) -> tuple[Any, Any]:
        params = line["params"] or {}
        theirs = remote["properties"].get(line["remote_field"]) or ""
        if theirs == params.get("lost"):
            return ("open" if record["active"] else "lost"), "lost"
        return record["stage_id"] or "", params["map"].get(theirs, "")

    def _date_datetime(self, line: dict, record: dict, remote: dict) -> tuple[str, str]:
        """A moment falls on the day that the account's people see."""
        theirs = remote["properties"].get(line["remote_field"]) or ""
        if theirs:
            moment = datetime.fromisoformat(theirs.replace("Z", "+00:00"))
            theirs = moment.astimezone(ZoneInfo(self._sides.time_zone)).date().isoformat()
        return record[line["odoo_field"]] or "", theirs

    def _link(self, line: dict, record: dict, remote: dict) -> tuple[str, str]:
        models, kinds = self._sides.models, _kinds(line)
        far = self._far(line, record)
        if far and any((models[kind], far) in self._gone for kind in kinds):
            # Archived on both sides: Odoo keeps the old customer, the account hides it.
            return "", ""
        ours = next(
            (
                f"{kind}/{self._remote_of[models[kind], far, kind]}"
                for kind in kinds
                if far and (models[kind], far, kind) in self._remote_of
            ),
            "",
        )
        theirs = next((f"{kind}/{main}" for kind in kinds if (main := _main(remote, kind))), "")
        return ours, theirs

    def _far(self, line: dict, record: dict) -> int:
        """The id of the record it belongs to; with `through`, of what that one belongs to."""
        far = record[line["odoo_field"]] or 0
        through = (line["params"] or {}).get("through")
        if not (far and through):
            return far
        return self._sides.odoo["res.partner"][far][through] or 0


def _kinds(line: dict) -> list[str]:
    return [name.removeprefix("associations.") for name in line["remote_field"].split("+")]


def _main(remote: dict, kind: str) -> str | None:
    """The primary associated record, or the first."""
    rows = remote.get("associations", {}).get(kind, [])
    primary = [row for row in rows if any(one.get("label") == "Primary" for one in row["types"])]
    return (primary or rows)[0]["id"] if rows else None


def _text(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).split())


def _digits(value: str) -> str:
    number = re.sub(r"^00", "+", re.sub(r"\(0\)", "", value))
    return re.sub(r"[^\d]", "", number)


def _host(value: str) -> str:
    return re.sub(r"^(https?://)?(www\.)?", "", value.lower()).rstrip("/")


def _amount(value: Any) -> str:
    return f"{float(value or 0):.2f}"


def _country_name(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold()
    letters = re.sub(r"[^a-z]", "", plain)
    return SAME_COUNTRY.get(letters, letters)


PLAIN: dict[str, Callable[[Any], str]] = {
    "text": _text,
    "full_name": _text,
    "email": lambda value: value.strip().lower(),
    "phone": _digits,
    "domain": _host,
    "url": _host,
    "decimal": _amount,
    "date": str,
}
