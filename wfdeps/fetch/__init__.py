"""Outside: the only room that turns URLs into verified files in staging.

Its rules:

- bytes are written beside their target's file system, under a name nobody takes for a model;
- a staged file is handed on only when size and hash are proven, or said to be `unverified`;
- what a state file claims is on disk is on disk: data is synced first;
- every claim that comes from an earlier run is hashed again before it counts;
- workers only fetch and verify; deciding and placing happen in the caller's thread.
"""
