"""Outside: indexes that may know where a model lives. They ask and read; what an answer is worth is decided elsewhere.

Each source is a folder of `source.py` (which queries it understands), `client.py` (its endpoints) and
`payloads.py` (JSON → Candidate, pure). A source never raises for what the network does: a fault, a login or a
rate limit becomes the verdict of its answer.
"""
