"""The scheduling gate of pods: removed once the network policy of their namespace is in force."""
