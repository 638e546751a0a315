"""Pure: a file's bytes in, the texts embedded in it out. One module a family of containers, none decodes a pixel."""
