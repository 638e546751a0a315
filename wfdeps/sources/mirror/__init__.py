"""Outside: stores laid out by SHA-256: a hub, an S3 or HTTP bucket, a folder."""
