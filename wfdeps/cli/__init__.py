"""Outside: arguments, exit codes and wiring; the only room that builds real doors and reads the environment."""
