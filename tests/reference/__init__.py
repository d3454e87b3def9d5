"""The reference page's values for MCP servers in Kubernetes, one scenario for each sentence of it.

The page describes how a platform sets up the servers that it deploys itself. Its sentences about
pods and Deployments are the webhook's to keep for servers that anybody deploys. They are proven in
tests/scenarios: test_reference_values.py, test_fleet_defaults.py, test_changed_settings.py and
test_pod_security.py. The environment variables of the page are proven here, in memory alone: the
installed product of the scenarios has none. These sentences are not the webhook's:

    the page says                                                   whose it is
    the namespace {release}-mcp, .mcpNamespace.name                 the chart; the model has the key
    ServiceAccount, Role and RoleBinding                            the chart
    that a Deployment exists                                        whoever applies one
    a ClusterIP Service for each Deployment, on port 80             the controller
    that Secrets are made from user-provided values                 the controller; here: what
                                                                    refers to them
    the NetworkPolicy: ingress, egress, blocked ranges              the controller; here: new pods
                                                                    wait for it behind a gate
    .mcpNamespace.networkPolicy.enabled                             the controller; here: no gate
    the six pod-security.kubernetes.io labels, enabled              the controller; here: `enforce`
                                                                    and its version choose the rules
    the RuntimeClass object, and nodes that support it              the cluster's administrator
    an admin UI, and its button that applies settings at once       `kubectl rollout restart` does

Two sentences are kept otherwise than the page has them, because servers come from anybody. A value
that the page calls unchangeable stays where a server brings one that is as strict (another UID
than 0, more drops): `test_reference_values.py` says which. Affinity, tolerations and resources are
the fleet's alone only under `perServer: forbid`: `test_fleet_defaults.py` proves both.
"""
