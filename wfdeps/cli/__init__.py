"""Outside: arguments, streams, exit codes. Reads a command line, calls a job, shows what came back; holds no rule.

A file of `commands` is one verb: its arguments (`add_arguments`), and `run`, which alone sees the parsed line. Its helpers
take values. What a verb does is in `jobs`, and what its `--json` document says in `report`.
"""
