"""The chart, rendered by a real Helm, and the files that are made from it and from the settings.

python -m tools.chart    write them anew
"""
