"""Outside: indexes that may know where a model lives. They ask and read; what an answer is worth is decided elsewhere.

A source is one module with its endpoints, the queries it understands, and JSON → Candidate (pure); Civitai, which has
more of each, is a folder of `source`, `client` and `payloads`. A source never raises for what the network does: a
fault, a login or a rate limit becomes the verdict of its answer (`base`).

Files a new source touches: its module here, `_BUILDERS` in `wiring/sources.py`, `tests/contracts/test_sources.py`, the
list of sources in README, and `.github/CHANGELOG.md`.
"""
