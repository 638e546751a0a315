"""Outside: the one gate to the file system. Atomic, never overwriting, never following a planted link.

Every path that is written goes through `atomic_write` (our own small files), `place_no_clobber` (staged bytes
under their final name) or `make_link` (the same bytes under a second name). OSErrors become LibraryErrors here.
"""
