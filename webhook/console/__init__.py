"""The console: pages that show the fleet to people, and change its settings with their rights."""
