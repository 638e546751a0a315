"""Outside: settings and the real doors built from them, for whoever runs the pipeline: the command line and the API."""
