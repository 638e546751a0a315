"""Pure: the nouns every room speaks, frozen. Constructors only store; `parse` reads, `str()` and `to_…` write."""
