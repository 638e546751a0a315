"""Outside: settings and the real doors built from them, for the two that run the pipeline: the command line and the API."""
