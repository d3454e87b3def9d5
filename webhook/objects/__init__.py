"""What the controller makes, as data: nothing here calls a cluster.

The controller writes these objects, `review --show-objects` prints them, `audit` compares them.
"""
