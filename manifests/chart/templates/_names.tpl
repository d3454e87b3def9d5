{{/* What things are called. Names are the same in every release, because there is one
installation for the cluster. */}}

{{- define "mcp-admission.labels" -}}
app.kubernetes.io/name: mcp-admission
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{/* The labels of a process: (list context component). */}}
{{- define "mcp-admission.component" -}}
app.kubernetes.io/name: mcp-admission
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "mcp-admission.service" -}}
mcp-admission.{{ .Release.Namespace }}
{{- end -}}

{{- define "mcp-admission.mcp-namespace" -}}
{{- .Values.mcpNamespace.name | default (printf "%s-mcp" .Release.Name) -}}
{{- end -}}

{{- define "mcp-admission.controller-user" -}}
system:serviceaccount:{{ .Release.Namespace }}:mcp-admission-control
{{- end -}}

{{/* Who issues the certificates with cert-manager. */}}
{{- define "mcp-admission.issuer" -}}
{{- if .Values.certificates.issuerRef -}}
{{- toYaml .Values.certificates.issuerRef -}}
{{- else -}}
group: cert-manager.io
kind: Issuer
name: mcp-admission-ca
{{- end -}}
{{- end -}}

{{- define "mcp-admission.image" -}}
{{- with .Values.image -}}
{{- .repository -}}
{{- if .digest -}}
@{{ .digest }}
{{- else -}}
:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether the product acts in every namespace: "true" or nothing. */}}
{{- define "mcp-admission.cluster-wide" -}}
{{- if has .Values.scope (list nil "cluster") -}}true{{- end -}}
{{- end -}}

{{/* The namespaces that the product is kept to, as JSON; none where it acts in every one. */}}
{{- define "mcp-admission.scope-namespaces" -}}
{{- if kindIs "map" .Values.scope -}}
{{- .Values.scope.namespaces | default list | toJson -}}
{{- else if include "mcp-admission.cluster-wide" . -}}
[]
{{- else -}}
{{- list (include "mcp-admission.mcp-namespace" .) | toJson -}}
{{- end -}}
{{- end -}}

{{/* Whether this chart makes the namespace of the MCP servers: "true" or nothing. Where namespaces
are listed, those that are not listed are none of its business. */}}
{{- define "mcp-admission.makes-namespace" -}}
{{- $kept := include "mcp-admission.scope-namespaces" . | fromJsonArray -}}
{{- if or (not $kept) (has (include "mcp-admission.mcp-namespace" .) $kept) -}}true{{- end -}}
{{- end -}}

{{/* Where people try a first server. */}}
{{- define "mcp-admission.first-namespace" -}}
{{- if include "mcp-admission.makes-namespace" . -}}
{{- include "mcp-admission.mcp-namespace" . -}}
{{- else -}}
{{- include "mcp-admission.scope-namespaces" . | fromJsonArray | first -}}
{{- end -}}
{{- end -}}

{{/* Whether a label makes a workload a server: not where all that is reviewed is managed. */}}
{{- define "mcp-admission.opts-in" -}}
{{- if ne (toString .Values.scope) "namespace" -}}true{{- end -}}
{{- end -}}
