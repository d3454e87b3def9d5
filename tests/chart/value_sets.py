"""Values that people install the chart with, one set for each thing that it can do."""

from tools.chart.helm import Json

VALUE_SETS: dict[str, Json] = {
    "defaults": {},
    "one replica": {"serve": {"replicas": 1}, "control": {"replicas": 1}},
    "cert-manager": {"certificates": {"mode": "cert-manager"}},
    "cert-manager with an issuer": {
        "certificates": {
            "mode": "cert-manager",
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "fleet"},
        }
    },
    "own authority brought along": {"certificates": {"mode": "bring-your-own"}},
    "namespace-scoped": {"scope": "namespace", "certificates": {"mode": "cert-manager"}},
    "namespace-scoped without Pod Security": {
        "scope": "namespace",
        "certificates": {"mode": "bring-your-own"},
        "mcpNamespace": {"name": "tools", "podSecurity": {"enabled": False}},
    },
    "kept to namespaces": {
        "scope": {"namespaces": ["team-a", "team-b"]},
        "certificates": {"mode": "bring-your-own"},
    },
    "kept to namespaces with that of the chart": {
        "scope": {"namespaces": ["team-a", "mcp-admission-mcp"]},
        "certificates": {"mode": "cert-manager"},
        "secrets": {"copy": False},
    },
    "no copies of Secrets": {"secrets": {"copy": False}},
    "copies of Secrets": {"secrets": {"copy": True}},
    "priority classes": {"priorityClasses": {"allowed": ["fleet"]}},
    "API servers": {"networkPolicy": {"apiServerCIDRs": ["192.0.2.0/28", "2001:db8::/64"]}},
    "openshift": {
        "platform": "openshift",
        "mcpNamespace": {"networkPolicy": {"dnsNamespace": "openshift-dns", "dnsPorts": [5353]}},
    },
    "selectors": {
        "selectors": [
            {"app.kubernetes.io/part-of": "toolhive"},
            {"kmcp.dev/server": "yes", "tier": ""},
        ],
        "excludedNamespaces": ["kube-public", "team-a"],
    },
    "network": {
        "mcpNamespace": {
            "networkPolicy": {
                "dnsPeers": ["169.254.20.10/32"],
                "gateway": {"namespace": "obot", "podSelector": {}, "port": 9090},
                "egressCeilings": ["10.0.0.0/8", "fd00::/8", "2001:db8:8000::/33"],
                "egressProfiles": {
                    "db": {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 5432}]}
                },
                "ingressProfiles": {"jobs": {"from": [{"podSelector": {}}]}},
            }
        }
    },
    "server defaults": {
        "mcpServerDefaults": {
            "runtimeClassName": "gvisor",
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}},
            "tolerations": [
                {
                    "key": "mcp",
                    "operator": "Exists",
                    "effect": "NoExecute",
                    "tolerationSeconds": 8640000,
                }
            ],
            "nodeSelector": {"pool": "mcp"},
            "imagePullSecrets": [{"name": "registry"}],
            "resources": {"requests": {"memory": "1Gi", "cpu": 1}},
            "perServer": "forbid",
        },
        "mcpServerMaximums": {"limits": {"memory": "2Gi", "cpu": 1.5}},
    },
    "rules": {
        "onConflict": "override",
        "rules": {"capabilities": "warn", "replicas": "off"},
        "replicas": {"policy": "off"},
        "serviceAccountTokens": {"names": ["team-a/tools"], "managed": "allow"},
        "isolation": {"gate": False, "breakGlassGroups": ["sre"]},
    },
    "names of the reference": {
        "config": {
            "OBOT_SERVER_MCPBASE_IMAGE": "registry.example/base:1",
            "OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME": "kata",
            "OBOT_SERVER_MCPPOD_SECURITY_ENABLED": False,
            "OBOT_SERVER_MCPPOD_SECURITY_ENFORCE": "baseline",
            "OBOT_SERVER_MCPPOD_SECURITY_WARN": "",
        }
    },
    "placement": {
        "image": {"repository": "registry.example:5000/mcp", "digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "registry"}],
        "priorityClassName": "system-cluster-critical",
        "serve": {
            "nodeSelector": {"pool": "system"},
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"podAntiAffinity": {}},
            "resources": {"limits": {"memory": "256Mi"}},
        },
    },
    "clients": {"serve": {"clients": {"secretName": "api-servers", "names": ["kube-apiserver"]}}},
    "monitoring": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "metrics": {
            "dashboards": {
                "enabled": True,
                "namespace": "monitoring",
                "annotations": {"grafana_folder": "mcp-admission"},
            },
            "rules": {
                "enabled": True,
                "labels": {"release": "prometheus"},
                "runbooks": "https://runbooks.example/mcp-admission",
            },
        },
    },
    "traces": {
        "traces": {
            "endpoint": "http://otel-collector.observability:4318",
            "variables": {"OTEL_TRACES_SAMPLER": "parentbased_always_off"},
            "secretName": "otel",
        }
    },
    "console": {
        "console": {
            "enabled": True,
            "hosts": ["console.example", "fleet.example"],
            "tokenHeader": "Authorization",
            "tls": {"secretName": "console-tls"},
            "ingress": {"enabled": True, "className": "nginx", "tlsSecretName": "console-example"},
            "tolerations": [{"operator": "Exists"}],
        }
    },
    "console without TLS": {
        "console": {"enabled": True, "tls": {"issued": False}},
        "networkPolicy": {"enabled": False},
    },
    "console with a certificate of its own": {
        "console": {"enabled": True, "hosts": ["console.example"]}
    },
    "console with cert-manager": {
        "certificates": {"mode": "cert-manager"},
        "console": {"enabled": True, "hosts": ["console.example", "192.0.2.1"]},
    },
    "nothing optional": {
        "networkPolicy": {"enabled": False},
        "managedLabelPolicy": {"enabled": False},
        "authorsPolicy": {"enabled": False},
        "ownedObjectsPolicy": {"enabled": False},
        "policyReports": {"enabled": False},
        "settingsView": {"groups": []},
        "mcpNamespace": {"networkPolicy": {"enabled": False}},
    },
}
