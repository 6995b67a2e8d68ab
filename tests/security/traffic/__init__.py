"""Generated requests: seeded, each one made from its number alone, so that any can be made again.

`delivery` makes what HubSpot would send, `hostile_json` bodies that mean harm, `mutations` turns
good requests into bad ones, `maker` chooses among them, `audit` compares answers with what is
stored. Weakness: it knows HubSpot's shapes; another provider needs a `delivery` of its own.
"""
