"""A control plane of real parts, so that the product is proven behind a real API server.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler run as local processes, kwok
plays the nodes: pods become Running and Deployments Available without a container runtime.

    python -m tools.cluster            start one, print its kubeconfig, stop it on Ctrl-C
    python -m tools.cluster build      only find or build the binaries

`MCP_ADMISSION_KUBERNETES_VERSION` chooses the minor: a folder of `versions/`.
"""
