"""The pictures of `docs/console.md`, taken in a browser before the chart on a control plane.

python -m tools.screenshots [FOLDER]        all of them, into docs/screenshots or this folder
"""
