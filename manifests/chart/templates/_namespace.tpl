{{/* The six Pod Security labels, where no controller may write to a Namespace. */}}
{{- define "mcp-admission.pod-security-labels" -}}
{{- $locked := include "mcp-admission.locked-settings" . | fromYaml -}}
{{- $set := dig "mcpNamespace" "podSecurity" dict $locked -}}
{{- if dig "enabled" true $set -}}
{{- range $mode := list "enforce" "audit" "warn" }}
pod-security.kubernetes.io/{{ $mode }}: {{ dig $mode "restricted" $set }}
pod-security.kubernetes.io/{{ $mode }}-version: {{ dig (printf "%sVersion" $mode) "latest" $set }}
{{- end }}
{{- end -}}
{{- end -}}
