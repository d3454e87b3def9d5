{{/* Made from values.yaml and the settings by `make docs`. */}}

{{- define "mcp-admission.defaults" -}}
mode: null
fillIn: null
delegated: null
exceptions:
  longestDays: null
mcpNamespace:
  name: null
  networkPolicy:
    enabled: null
    dnsNamespace: null
    dnsPodSelector: null
    dnsPeers: null
    dnsPorts: null
    gateway:
      namespace: null
      podSelector: null
      port: null
    egressCeilings: null
    egressProfiles: null
    ingressProfiles: null
  podSecurity:
    enabled: null
    enforce: null
    enforceVersion: null
    audit: null
    auditVersion: null
    warn: null
    warnVersion: null
mcpServerDefaults:
  affinity: null
  tolerations: null
  nodeSelector: null
  imagePullSecrets: null
  runtimeClassName: null
  resources: null
  image: null
  perServer: null
mcpServerMaximums:
  requests: null
  limits: null
replicas:
  policy: null
priorityClasses:
  allowed: null
onConflict: null
rules: null
serviceAccountTokens:
  optedIn: null
  managed: null
  names: null
secrets:
  copy: null
isolation:
  gate: null
  controllerUser: null
  breakGlassGroups: null
platform: null
selectors: null
excludedNamespaces: null
config:
  OBOT_SERVER_MCPBASE_IMAGE: null
  OBOT_SERVER_MCPIMAGE_PULL_SECRETS: null
  OBOT_SERVER_MCPK8S_SETTINGS_AFFINITY: null
  OBOT_SERVER_MCPK8S_SETTINGS_TOLERATIONS: null
  OBOT_SERVER_MCPK8S_SETTINGS_RESOURCES: null
  OBOT_SERVER_MCPK8S_MAX_CPUREQUEST: null
  OBOT_SERVER_MCPK8S_MAX_MEMORY_REQUEST: null
  OBOT_SERVER_MCPK8S_MAX_CPULIMIT: null
  OBOT_SERVER_MCPK8S_MAX_MEMORY_LIMIT: null
  OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME: null
  OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME: null
  OBOT_SERVER_MCPPOD_SECURITY_ENABLED: null
  OBOT_SERVER_MCPPOD_SECURITY_ENFORCE: null
  OBOT_SERVER_MCPPOD_SECURITY_ENFORCE_VERSION: null
  OBOT_SERVER_MCPPOD_SECURITY_AUDIT: null
  OBOT_SERVER_MCPPOD_SECURITY_AUDIT_VERSION: null
  OBOT_SERVER_MCPPOD_SECURITY_WARN: null
  OBOT_SERVER_MCPPOD_SECURITY_WARN_VERSION: null
scope: null
image:
  repository: null
  tag: null
  digest: null
  pullPolicy: IfNotPresent
imagePullSecrets: []
logLevel: null
priorityClassName: system-cluster-critical
certificates:
  mode: own
  days: 90
  authorityDays: 3650
  issuerRef: null
  replicas: 2
  resources:
    requests:
      cpu: 10m
      memory: 64Mi
    limits:
      memory: 256Mi
  nodeSelector: {}
  affinity: {}
  tolerations: []
serve:
  replicas: 2
  resources:
    requests:
      cpu: 50m
      memory: 128Mi
    limits:
      memory: 512Mi
  nodeSelector: {}
  affinity: {}
  tolerations: []
  logLevel: null
  clients:
    secretName: null
    names: []
control:
  replicas: 2
  resources:
    requests:
      cpu: 50m
      memory: 128Mi
    limits:
      memory: 256Mi
  nodeSelector: {}
  affinity: {}
  tolerations: []
console:
  enabled: false
  hosts: []
  tokenHeader: null
  tls:
    secretName: null
    issued: null
  ingress:
    enabled: false
    className: null
    annotations: {}
    tlsSecretName: null
  resources:
    requests:
      cpu: 20m
      memory: 128Mi
    limits:
      memory: 1Gi
  nodeSelector: {}
  affinity: {}
  tolerations: []
networkPolicy:
  enabled: true
  apiServerPorts:
  - 443
  - 6443
  apiServerCIDRs: []
managedLabelPolicy:
  enabled: true
authorsPolicy:
  enabled: true
ownedObjectsPolicy:
  enabled: true
policyReports:
  enabled: true
settingsView:
  groups:
  - system:authenticated
serviceMonitor:
  enabled: false
  interval: 30s
  labels: {}
traces:
  endpoint: null
  variables: {}
  secretName: null
metrics:
  dashboards:
    enabled: false
    namespace: null
    labels:
      grafana_dashboard: '1'
    annotations: {}
  rules:
    enabled: false
    labels: {}
    runbooks: docs/runbooks.md
{{- end -}}


{{- define "mcp-admission.built-in-resources" -}}
requests:
  memory: 400Mi
limits: {}
{{- end -}}
