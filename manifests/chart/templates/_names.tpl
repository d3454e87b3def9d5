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
{{- if eq .Values.scope "cluster" -}}true{{- end -}}
{{- end -}}
