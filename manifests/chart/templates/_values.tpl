{{/* Put defaults back where they are missing: (dict "into" map "from" map). Helm takes a default away
where somebody sets null, which is to mean "not set here" at any depth. */}}
{{- define "mcp-admission.add-defaults" -}}
{{- $ := . -}}
{{- range $key, $default := .from -}}
{{- $value := get $.into $key -}}
{{- if or (not (hasKey $.into $key)) (kindIs "invalid" $value) -}}
{{- $_ := set $.into $key $default -}}
{{- else if and (kindIs "map" $default) (kindIs "map" $value) -}}
{{- include "mcp-admission.add-defaults" (dict "into" $value "from" $default) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Copy what is set: (dict "from" map "into" map). A mapping in which everything is null, and a
section without anything in it, say nothing; an empty mapping that people choose the keys of does. */}}
{{- define "mcp-admission.copy-set" -}}
{{- $into := .into -}}
{{- $sections := list "exceptions" "mcpNamespace" "networkPolicy" "gateway" "podSecurity" "mcpServerDefaults" "mcpServerMaximums" "replicas" "priorityClasses" "serviceAccountTokens" "secrets" "isolation" -}}
{{- range $key, $value := .from -}}
{{- if kindIs "map" $value -}}
{{- $inner := dict -}}
{{- include "mcp-admission.copy-set" (dict "from" $value "into" $inner) -}}
{{- if or $inner (and (not $value) (not (has $key $sections))) -}}{{- $_ := set $into $key $inner -}}{{- end -}}
{{- else if kindIs "slice" $value -}}
{{- $items := list -}}
{{- range $value -}}
{{- $inner := dict -}}
{{- include "mcp-admission.copy-set" (dict "from" (dict "item" .) "into" $inner) -}}
{{- $items = append $items (get $inner "item" | default dict) -}}
{{- end -}}
{{- $_ := set $into $key $items -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $into $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
