"""Outside: arguments, streams, exit codes. Reads a command line, calls a job, shows what came back; holds no rule of its own."""
