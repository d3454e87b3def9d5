"""A kubelet without a container runtime: some nodes on which the product's containers really run.

kwok says of every pod that it runs. This says so of other people's pods; containers of our image
become local processes with the arguments, environment, volumes and credentials that the pod has,
and the pod is as ready as its probes say. `services` does what kube-proxy, the endpoint controllers
and DNS would do for them, `in_pod` what the pod's own network does.

    with ControlPlane(find(), kwok=False) as cluster, Kubelet(cluster) as kubelet: ...
"""
