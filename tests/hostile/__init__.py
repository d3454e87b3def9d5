"""Tenants who try to bring the product down, on a real control plane with the chart installed.

Each attacker has rights in a namespace of its own and nowhere else. Each test names an attack and
what bounds it, and looks at another tenant's creates and gates meanwhile, beside a quiet look in
the same run. docs/threat-model.md says which test answers which attack.
"""
