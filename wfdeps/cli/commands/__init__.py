"""One file a verb, thin: its arguments, a call into the pipeline, what to show."""
