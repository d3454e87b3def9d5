"""Objects that the controller owns: how they are found, written, put back and released."""
