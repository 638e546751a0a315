"""Pure: the source text of custom packs in, what they register out. Nothing is imported and nothing is run.

    files of one pack ─ source ─ evaluate (what names mean: meanings) ─ registry ► NodePack
    a class that is not here ─ class_packs ► who has it

1. Whatever the text, nothing is raised, and time and memory are bounded.
2. What cannot be read is said: a pack with an open end is `complete=False`, so that a class of it is never called
   missing.
3. A folder key is told only where the source names it (`get_filename_list("key")`): certain, or not at all.

The room knows texts by their paths inside a pack. Which files those are, and what is remembered of them, is
`library`'s.
"""
