"""The list of the fleet: read and followed for one person, filtered, sorted and downloaded."""
