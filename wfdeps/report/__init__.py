"""Pure: values in, text out. A format never decides; what it says was decided in `build` or before.

One file a format, each with `render(…) -> str`. Names from workflows and sources are hostile: every format
escapes them in its own way, after `escaping.visible` has made control characters harmless.
"""
