"""Pure: bytes in, refs out. Reads workflows in every form they come in; touches no disk and no network.

    bytes ─ container ► text ─ document ► UI or API JSON ─ ui_format, api_format ► NodeGraph
          ─ reach ► what runs ─ slots, text_tags, guess ► claims ─ merge ► WorkflowRefs

Whatever is wrong with the bytes, only `WorkflowError` escapes from these modules, and `read_workflow`
turns that into an `UnreadableWorkflow`.
"""
