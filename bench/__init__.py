"""`./dev bench`: the engine and its peers, measured in one run on one machine.

`contract` is what a measure is; every file of `measures/` is one. `stage` gives a measure what it
works on: durable databases, prefork servers, the sandbox, Python inside Odoo. `runner` alternates
the contenders, `statistics` and `report` make of it what people read. `inside/` is what runs within
Odoo's own process, `peers/` the add-ons of the peers' own database.

Nothing here is imported by the add-on. Weakness: everything runs on one machine, so the load, the
stand-in of HubSpot and PostgreSQL take their share of the same cores; CPU seconds tell how much.
"""
