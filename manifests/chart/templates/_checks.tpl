{{/* What no schema can say of two values together. */}}

{{- define "mcp-admission.check-scope" -}}
{{- if and (eq .Values.scope "namespace") (eq .Values.certificates.mode "own") -}}
{{- fail "certificates.mode: own writes caBundle, which scope namespace has no right to: choose cert-manager or bring-your-own" -}}
{{- end -}}
{{- end -}}
