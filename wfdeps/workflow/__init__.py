"""Pure: bytes in, refs out. Reads workflows in every form they come in; touches no disk and no network.

    bytes ─ containers, json_text ► documents ► UI or API JSON ─ ui_format (ui_links), api_format ► NodeGraph
          ─ reach ► what runs ─ loaders, slots, text_tags, guess, presets ► claims (`collect` goes from node to node)
          ─ model_claims ► refs ─ enrich ► WorkflowRefs

Entry: `read.read_workflow`. The table of node classes is `tables/`, compiled to `loaders.json`; `object_info` makes rows
of a running ComfyUI's list and `node_rows` of the user's config. `rewriting` writes other names into a workflow file.

Whatever is wrong with the bytes, only `WorkflowError` escapes from these modules, and `read_workflow`
turns that into an `UnreadableWorkflow`.
"""
