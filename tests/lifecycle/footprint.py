"""What a database holds, in a form that two states of it can be compared in.

Promise: `Footprint.of(database)` covers every relation, column, index, constraint and function,
every record that an add-on's data defines (by its natural key) and the number of rows of every
table. Weakness: a row that was exchanged for another one, in a table that has no natural key here,
is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.odoo_database import OdooDatabase

_STRUCTURE = {
    "relation": """SELECT concat(relkind, ' ', relname) FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace""",
    "column": """SELECT concat(table_name, '.', column_name) FROM information_schema.columns
                  WHERE table_schema = 'public'""",
    "constraint": """SELECT concat(conrelid::regclass, ' ', conname) FROM pg_constraint
                      WHERE connamespace = 'public'::regnamespace""",
    "function": """SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
}
#: Records that stand for something by their key. JSON columns hold translated names.
_RECORDS = {
    "model": "SELECT model FROM ir_model",
    "field": "SELECT model || '.' || name FROM ir_model_fields",
    "selection": """SELECT f.model || '.' || f.name || ' ' || s.value
                      FROM ir_model_fields_selection s
                      JOIN ir_model_fields f ON f.id = s.field_id""",
    "external id": "SELECT module || '.' || name FROM ir_model_data",
    "parameter": "SELECT key FROM ir_config_parameter",
    "cron": "SELECT cron_name FROM ir_cron",
    "action": "SELECT concat(type, ' ', name->>'en_US') FROM ir_actions",
    "menu": "SELECT name->>'en_US' FROM ir_ui_menu",
    "view": "SELECT concat(model, ' ', name) FROM ir_ui_view WHERE model IS NOT NULL",
    "group": "SELECT name->>'en_US' FROM res_groups",
    "privilege": "SELECT name->>'en_US' FROM res_groups_privilege",
    "category": "SELECT name->>'en_US' FROM ir_module_category",
    "rule": "SELECT name FROM ir_rule",
    "access": "SELECT name FROM ir_model_access",
    "activity type": "SELECT name->>'en_US' FROM mail_activity_type",
    "attachment": "SELECT concat(res_model, ' ', name) FROM ir_attachment WHERE url IS NULL",
}
#: Tables that belong to records of any model: counted model by model.
_BY_MODEL = {
    "mail_message": "model",
    "mail_followers": "res_model",
    "mail_activity": "res_model",
    "ir_attachment": "res_model",
}


@dataclass(frozen=True)
class Footprint:
    """`things`: kind → what there is of it; `counts`: table (or table and model) → rows."""

    things: dict[str, set[str]]
    counts: dict[str, int]

    @classmethod
    def of(cls, database: OdooDatabase) -> Footprint:
        things = {
            kind: {row[0] for row in database.rows(query)}
            for kind, query in {**_STRUCTURE, **_RECORDS}.items()
        }
        tables = [name[2:] for name in things["relation"] if name.startswith("r ")]
        union = " UNION ALL ".join(
            f"""SELECT '{table}', count(*) FROM "{table}\"""" for table in sorted(tables)
        )
        counts = dict(database.rows(union))
        for table, column in _BY_MODEL.items():
            counts |= database.rows(
                f"SELECT concat('{table} of ', {column}), count(*) FROM {table} GROUP BY 1"
            )
        return cls(things, counts)

    def left_behind(self, before: Footprint) -> dict[str, list[str]]:
        """By kind, what is here and was not there before."""
        extra = {kind: sorted(names - before.things[kind]) for kind, names in self.things.items()}
        return {kind: names for kind, names in extra.items() if names}

    def lost(self, before: Footprint) -> dict[str, list[str]]:
        """By kind, what was there before and is not here."""
        return before.left_behind(self)

    def changed_counts(self, before: Footprint) -> dict[str, tuple[int, int]]:
        """Table → rows before and now, where they differ."""
        return {
            table: (before.counts.get(table, 0), count)
            for table, count in {**dict.fromkeys(before.counts, 0), **self.counts}.items()
            if before.counts.get(table, 0) != count
        }
