"""The product as its users get it: installed, upgraded and removed on a real control plane.

Helm and kubectl are real, and so are the product's processes: a kubelet without containers starts
them from what the chart has rendered, with the rights that the chart gives them and no others.
"""
