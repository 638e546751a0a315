"""Pure: resolutions in, a Plan out. Decides every step before anything is touched, and where each file stands."""
