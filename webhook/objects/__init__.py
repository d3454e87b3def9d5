"""What the controller makes, as data: one file for each kind of object; nothing here calls anybody.

The controller writes these objects, `review --show-objects` prints them, `audit` compares them.
"""
