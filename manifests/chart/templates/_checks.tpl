{{/* What no schema can say of two values together. */}}

{{- define "mcp-admission.check-values" -}}
{{- if and (eq .Values.scope "namespace") (eq .Values.certificates.mode "own") -}}
{{- fail "certificates.mode: own writes caBundle, which scope namespace has no right to: choose cert-manager or bring-your-own" -}}
{{- end -}}
{{- if has (include "mcp-admission.mcp-namespace" .) .Values.excludedNamespaces -}}
{{- fail (printf "excludedNamespaces: %s is the namespace of the MCP servers, which would not be reviewed: take it out" (include "mcp-admission.mcp-namespace" .)) -}}
{{- end -}}
{{- end -}}
