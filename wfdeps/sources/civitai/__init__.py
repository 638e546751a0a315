"""Outside: Civitai, or a hub that speaks its API."""
