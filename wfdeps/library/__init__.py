"""Outside: the person's model folders. The only room that looks into them, and the only one that writes there."""
