{{/* The console's names, and its certificate. */}}

{{/* The names that its certificate is for, as JSON. */}}
{{- define "mcp-admission.console-names" -}}
{{- concat (list "localhost" (printf "mcp-admission-console.%s.svc" .Release.Namespace)) (.Values.console.hosts | default list) | uniq | toJson -}}
{{- end -}}

{{/* Whether its certificate is issued here, as that of the webhook is: "true" or nothing. */}}
{{- define "mcp-admission.console-is-issued" -}}
{{- with .Values.console -}}
{{- if and .enabled (not .tls.secretName) (ne $.Values.certificates.mode "bring-your-own") -}}
{{- if ternary .tls.issued (not .ingress.enabled) (kindIs "bool" .tls.issued) -}}true{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret with its certificate; nothing where it speaks no TLS. */}}
{{- define "mcp-admission.console-secret" -}}
{{- if .Values.console.tls.secretName -}}
{{- .Values.console.tls.secretName -}}
{{- else if include "mcp-admission.console-is-issued" . -}}
mcp-admission-console-tls
{{- end -}}
{{- end -}}

{{/* The port of its Service. */}}
{{- define "mcp-admission.console-port" -}}
{{- ternary "443" "80" (not (empty (include "mcp-admission.console-secret" .))) -}}
{{- end -}}

{{/* The Secrets that the process of the certificates writes in the mode own, with commas. */}}
{{- define "mcp-admission.issued-secrets" -}}
mcp-admission-ca, mcp-admission-tls
{{- if include "mcp-admission.console-is-issued" . -}}
, mcp-admission-console-ca, mcp-admission-console-tls
{{- end -}}
{{- end -}}
