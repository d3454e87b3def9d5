"""The self-probe: what each answer shows, what follows from it, and where it is told."""
