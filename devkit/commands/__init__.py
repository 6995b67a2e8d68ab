"""One module a sub-command of `./dev`: `add(parser)` declares its options, `run(layout, options)`
does it.

Commands that serve raise `Problem` for whatever a person can put right and return the exit code
otherwise.
"""
