{{/* Defaults and ceilings of resources, which must not contradict each other. */}}

{{- define "mcp-admission.check-resources" -}}
{{- $set := dict -}}
{{- include "mcp-admission.copy-set" (dict "from" (pick .Values "mcpServerDefaults" "mcpServerMaximums") "into" $set) -}}
{{- $given := dig "mcpServerDefaults" "resources" (include "mcp-admission.resources-in-force" . | fromYaml) $set -}}
{{- $requests := $given.requests | default dict -}}
{{- $limits := $given.limits | default dict -}}
{{- $ceilings := $set.mcpServerMaximums | default dict -}}
{{- range list
  (list "requests" $requests "mcpServerMaximums.requests" $ceilings.requests)
  (list "limits" $limits "mcpServerMaximums.limits" $ceilings.limits)
  (list "requests" $requests "mcpServerMaximums.limits" $ceilings.limits)
  (list "requests" $requests "mcpServerDefaults.resources.limits" $limits) -}}
{{- $part := index . 0 -}}
{{- $key := index . 2 -}}
{{- $bounds := index . 3 | default dict -}}
{{- range $name, $default := index . 1 -}}
{{- if hasKey $bounds $name -}}
{{- $bound := get $bounds $name -}}
{{- if gt (include "mcp-admission.amount" $default | float64) (include "mcp-admission.amount" $bound | float64) -}}
{{- fail (printf "%s.%s: %v is less than mcpServerDefaults.resources.%s.%s, %v: raise the one or lower the other" $key $name $bound $part $name $default) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The default resources where these values set none: those of the MCPServerSettings that the
cluster has, else what is built in. */}}
{{- define "mcp-admission.resources-in-force" -}}
{{- $settings := dict -}}
{{- if .Capabilities.APIVersions.Has "mcp-admission.dev/v1alpha1" -}}
{{- $settings = lookup "mcp-admission.dev/v1alpha1" "MCPServerSettings" "" "default" -}}
{{- end -}}
{{- dig "spec" "mcpServerDefaults" "resources" (include "mcp-admission.built-in-resources" . | fromYaml) $settings | toYaml -}}
{{- end -}}

{{/* A Kubernetes quantity as a number. */}}
{{- define "mcp-admission.amount" -}}
{{- $text := toString . -}}
{{- $suffix := regexFind "([KMGTPE]i|[numkMGTPE])$" $text -}}
{{- $number := trimSuffix $suffix $text | float64 -}}
{{- $thousandth := dict "n" 1e9 "u" 1e6 "m" 1e3 -}}
{{- $times := dict "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18 "Ki" 1024.0 "Mi" 1048576.0 "Gi" 1073741824.0 "Ti" 1099511627776.0 "Pi" 1125899906842624.0 "Ei" 1152921504606846976.0 -}}
{{- if hasKey $thousandth $suffix -}}
{{- divf $number (get $thousandth $suffix) -}}
{{- else if hasKey $times $suffix -}}
{{- mulf $number (get $times $suffix) -}}
{{- else -}}
{{- $number -}}
{{- end -}}
{{- end -}}
