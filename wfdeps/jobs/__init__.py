"""The use cases: what wfdeps does for a person, one file each. Values in, values out.

A job is a function of values, of the run's `doors` (its settings are `doors.settings`) and, where it needs them, of a
`Reporter` or a `Chooser` from `ports`. It returns values, or raises an error of `wfdeps.errors`. It reads no command
line, prints nothing, asks nobody but the chooser and ends no process: `cli` and `api` call the same jobs and differ in
what they take in and what they show.
"""
