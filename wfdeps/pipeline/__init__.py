"""The stages in order, and the only place where deciding and doing meet. Values go forward; nothing calls back.

    survey    workflow.read ◄─ bytes         library.inventory        →  Survey: how each ref stands, offline
    resolve   match.rounds  ─ queries ►      sources, chooser         →  Resolutions
    plan      planning.build_plan                                     →  Plan        (check, graph, --dry-run stop)
    carry     fetch, detect, planning.settle fetcher, library.place   →  Outcomes
    lock      lock.build_lock                                         →  Lock

Each stage is a module of its own, so that `wfdeps check` imports the first alone. Who calls them in which order for
which command is decided in `jobs`.
"""
