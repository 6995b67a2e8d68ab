"""Every test. Run them with `./dev test`; the suites are the folders.

`odoo`, `http`, `browser` and `security` run inside Odoo by pytest-odoo and are packages, so they
need this file.
`engine`, `sandbox`, `devkit`, `lifecycle` and `faults` run without it and must not be packages.
"""
