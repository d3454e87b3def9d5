{{/* The settings that these values lock: those that are set, and no others. */}}

{{- define "mcp-admission.locked-settings" -}}
{{- $locked := dict -}}
{{- range list "mcpNamespace" "mcpServerDefaults" "mcpServerMaximums" "replicas" "onConflict" "rules" "serviceAccountTokens" "isolation" "platform" "selectors" "excludedNamespaces" -}}
{{- include "mcp-admission.copy-set" (dict "from" (pick $.Values .) "into" $locked) -}}
{{- end -}}
{{- include "mcp-admission.add-named" (dict "config" .Values.config "into" $locked) -}}
{{- if not (dig "isolation" "controllerUser" "" $locked) -}}
{{- $user := dict "controllerUser" (include "mcp-admission.controller-user" .) -}}
{{- $_ := set $locked "isolation" (merge $user ($locked.isolation | default dict)) -}}
{{- end -}}
{{- toYaml $locked -}}
{{- end -}}

{{/* The names that the reference deployment gives some settings, and ours. */}}
{{- define "mcp-admission.reference-names" -}}
OBOT_SERVER_MCPK8S_SETTINGS_RUNTIMECLASSNAME: mcpServerDefaults.runtimeClassName
OBOT_SERVER_MCPK8S_SETTINGS_RUNTIME_CLASS_NAME: mcpServerDefaults.runtimeClassName
OBOT_SERVER_MCPBASE_IMAGE: mcpServerDefaults.image
OBOT_SERVER_MCPPOD_SECURITY_ENABLED: mcpNamespace.podSecurity.enabled
OBOT_SERVER_MCPPOD_SECURITY_ENFORCE: mcpNamespace.podSecurity.enforce
OBOT_SERVER_MCPPOD_SECURITY_ENFORCE_VERSION: mcpNamespace.podSecurity.enforceVersion
OBOT_SERVER_MCPPOD_SECURITY_AUDIT: mcpNamespace.podSecurity.audit
OBOT_SERVER_MCPPOD_SECURITY_AUDIT_VERSION: mcpNamespace.podSecurity.auditVersion
OBOT_SERVER_MCPPOD_SECURITY_WARN: mcpNamespace.podSecurity.warn
OBOT_SERVER_MCPPOD_SECURITY_WARN_VERSION: mcpNamespace.podSecurity.warnVersion
{{- end -}}

{{/* Add what is set under these names: (dict "config" map "into" map). Empty is not set. */}}
{{- define "mcp-admission.add-named" -}}
{{- $config := .config -}}
{{- $into := .into -}}
{{- range $name, $path := include "mcp-admission.reference-names" . | fromYaml -}}
{{- $value := index $config $name -}}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) -}}
{{- if hasSuffix "_ENABLED" $name -}}
{{- $value = has (toString $value) (list "1" "t" "T" "TRUE" "true" "True") -}}
{{- end -}}
{{- $parent := $into -}}
{{- range splitList "." $path | initial -}}
{{- if not (hasKey $parent .) -}}{{- $_ := set $parent . dict -}}{{- end -}}
{{- $parent = index $parent . -}}
{{- end -}}
{{- $key := splitList "." $path | last -}}
{{- if and (hasKey $parent $key) (ne (index $parent $key) $value) -}}
{{- fail (printf "config.%s (%v) and %s (%v) differ: set one of them" $name $value $path (index $parent $key)) -}}
{{- end -}}
{{- $_ := set $parent $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The locked keys of the resource, and where CEL finds each, as a list in YAML; there is always
one, isolation.controllerUser. */}}
{{- define "mcp-admission.locked-keys" -}}
{{- $found := dict "keys" list -}}
{{- $locked := include "mcp-admission.locked-settings" . | fromYaml -}}
{{- include "mcp-admission.add-keys" (dict "from" $locked "key" "" "expression" "" "into" $found) -}}
{{- $found.keys | toYaml -}}
{{- end -}}

{{/* Add what is set: (dict "from" map "key" text "expression" text "into" dict). */}}
{{- define "mcp-admission.add-keys" -}}
{{- $ := . -}}
{{- range $name, $value := .from -}}
{{- $key := printf "%s%s" $.key $name -}}
{{- $expression := printf "%s[?'%s']" $.expression $name -}}
{{- $merged := list "mcpNamespace" "networkPolicy" "gateway" "podSecurity" "mcpServerDefaults" "mcpServerMaximums" "replicas" "serviceAccountTokens" "isolation" "rules" -}}
{{- if has $key (list "mcpNamespace.name" "selectors" "excludedNamespaces") -}}
{{- else if and (has $name $merged) (kindIs "map" $value) -}}
{{- include "mcp-admission.add-keys" (dict "from" $value "key" (printf "%s." $key) "expression" $expression "into" $.into) -}}
{{- else -}}
{{- $_ := set $.into "keys" (append (index $.into "keys") (dict "key" $key "expression" $expression)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
