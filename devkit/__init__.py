"""The development tooling behind `./dev`: standard library only, never imported by the add-on.

What it promises: everything it makes lives in `.dev/` (but for the browser, which apt installs,
and, for root in a private folder, PostgreSQL, see `postgres.py`); every step can be killed and run
again; a missing piece ends in a sentence that says what to do, not in a traceback.

Its weakness: Linux is what it is tried on. macOS should work with `ODOO_HOME` or git; Windows does
not.
"""
