"""Outside: ComfyUI-Manager's model list, and URLs written in workflows."""
