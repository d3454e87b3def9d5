{{/* Rights, each said once, for a Role or a ClusterRole. */}}

{{- define "mcp-admission.controller-subject" -}}
subjects:
  - kind: ServiceAccount
    name: mcp-admission-control
    namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "mcp-admission.certificates-subject" -}}
subjects:
  - kind: ServiceAccount
    name: mcp-admission-certificates
    namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "mcp-admission.replica-rules" -}}
# Which replicas serve, and a touch that lets their kubelet bring new files at once.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list]
- apiGroups: [""]
  resources: [pods]
  verbs: [patch]
{{- end -}}

{{/* Not empty unless these values lock secrets.copy away: the resource cannot set what is locked. */}}
{{- define "mcp-admission.copies-secrets" -}}
{{- if dig "secrets" "copy" true (include "mcp-admission.locked-settings" . | fromYaml) }}true{{ end -}}
{{- end -}}

{{/* What the controller follows, and what it makes for servers. */}}
{{- define "mcp-admission.workload-rules" -}}
# Servers; the revision on the template, that rolls pods when a value changes.
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, patch]
# The gate of pods that wait; pods that the probe asks for, as a dry run alone.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, create, patch]
{{- if include "mcp-admission.copies-secrets" . }}
# The user's configuration is read; list and watch are of metadata, and of Secrets made here.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch, delete]
{{- end }}
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
{{- if .Values.policyReports.enabled }}
# What the rules say of each server, where the cluster has such an API.
- apiGroups: [openreports.io]
  resources: [reports]
  verbs: [get, list, watch, create, update, delete]
- apiGroups: [wgpolicyk8s.io]
  resources: [policyreports]
  verbs: [get, list, watch, create, update, delete]
{{- end }}
# Why something is not made, told where the server's owner looks.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}

{{/* What `mcp-admission uninstall` does in namespaces with servers. */}}
{{- define "mcp-admission.uninstall-rules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, patch]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  # patch takes away the finalizers that somebody has put on the policy of a namespace.
  verbs: [list, patch, delete]
# Whatever the values say now: an earlier release may have written some.
- apiGroups: [openreports.io]
  resources: [reports]
  verbs: [list, delete]
- apiGroups: [wgpolicyk8s.io]
  resources: [policyreports]
  verbs: [list, delete]
{{- end -}}
