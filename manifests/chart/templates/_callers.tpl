{{/* The pods that can call servers, as far as these values decide. */}}

{{- define "mcp-admission.callers" -}}
{{- $policy := dig "mcpNamespace" "networkPolicy" dict (include "mcp-admission.locked-settings" . | fromYaml) -}}
{{- $gateway := get $policy "gateway" | default dict -}}
{{- $pods := "pods labelled mcp-admission.dev/gateway=true" -}}
{{- if hasKey $gateway "podSelector" -}}
{{- $labels := list -}}
{{- range $key, $value := $gateway.podSelector -}}
{{- $labels = append $labels (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- $pods = empty $labels | ternary "all pods" (printf "pods labelled %s" (join "," $labels)) -}}
{{- end -}}
{{- if eq (get $policy "enabled" | toString) "false" -}}
Callers from now on: every pod, because mcpNamespace.networkPolicy.enabled is false.
{{- else -}}
Callers from now on: {{ $pods }} in namespace {{ $gateway.namespace | default .Release.Namespace }}; no other pods.
{{- end -}}
{{- end -}}
