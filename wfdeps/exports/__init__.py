"""Pure: a lock → the text other tools read, and their text → a lock. One module a format, listed in `registry`.

What comes out never holds a token or a signed URL. What a format cannot carry is a `LeftOut` with its reason, never a
guess. Files are sorted, no clock and no chance is asked: the same lock gives the same bytes. Values of a lock, and of a
foreign file, are hostile until `checked` or `importing` has taken them.
"""
