"""Pure: what was chosen ⇄ `wfdeps.lock`. The same choices give the same bytes; nothing secret or local goes in."""
