"""Outside: serves a folder of models over HTTP, as Civitai, as Hugging Face and by hash.

The demo, the tests' server and a studio's LAN mirror are this one thing. What each module is for:

    catalogue   one JSON line a file → values (pure)
    shelf       the folder of models: which file has which hash; rows and files → complete rows
    store       the catalogue in SQLite, with full-text search; words: what such a search sees
    search      the parameters of `/models`, with their oddities, and what they select
    payloads    values → the bodies of Civitai's API (pure)
    access      may this be downloaded, and which file is meant (pure)
    faults      what goes wrong on purpose; journal: what was asked; monitor: both, around every route
    signing     links that expire; serving: a file, or a range of it, as a response
    api, downloads, huggingface, mirror, storage   the routes
    server      all of it, on two ports, in a thread
    samples     small model files, structurally real, for the demo

Where an answer looks odd, it is so because Civitai's is: clients built against this hub work there.
"""
