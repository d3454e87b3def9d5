{{/* What exists only while a release is removed: (list context weight). */}}
{{- define "mcp-admission.uninstall-metadata" -}}
name: mcp-admission-uninstall
labels:
  {{- include "mcp-admission.labels" (index . 0) | nindent 2 }}
annotations:
  helm.sh/hook: pre-delete
  helm.sh/hook-weight: {{ index . 1 | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- define "mcp-admission.uninstall-subject" -}}
subjects:
  - kind: ServiceAccount
    name: mcp-admission-uninstall
    namespace: {{ .Release.Namespace }}
{{- end -}}
