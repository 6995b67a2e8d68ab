"""Every test. Run them with `./dev test`; the suites are the folders.

`odoo`, `http`, `browser` and `faults` run inside Odoo by pytest-odoo and are packages, so they need
this file. `engine`, `sandbox`, `devkit` and `lifecycle` run without it and must not be packages.
"""
