{{/* The settings that these values lock: those that are set, and no others. */}}

{{- define "mcp-admission.locked-settings" -}}
{{- $locked := dict -}}
{{- range list "mode" "fillIn" "delegated" "exceptions" "mcpNamespace" "mcpServerDefaults" "mcpServerMaximums" "replicas" "priorityClasses" "onConflict" "rules" "serviceAccountTokens" "secrets" "isolation" "platform" "selectors" "excludedNamespaces" -}}
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
OBOT_SERVER_MCPIMAGE_PULL_SECRETS: mcpServerDefaults.imagePullSecrets
OBOT_SERVER_MCPK8S_SETTINGS_AFFINITY: mcpServerDefaults.affinity
OBOT_SERVER_MCPK8S_SETTINGS_TOLERATIONS: mcpServerDefaults.tolerations
OBOT_SERVER_MCPK8S_SETTINGS_RESOURCES: mcpServerDefaults.resources
OBOT_SERVER_MCPK8S_MAX_CPUREQUEST: mcpServerMaximums.requests.cpu
OBOT_SERVER_MCPK8S_MAX_MEMORY_REQUEST: mcpServerMaximums.requests.memory
OBOT_SERVER_MCPK8S_MAX_CPULIMIT: mcpServerMaximums.limits.cpu
OBOT_SERVER_MCPK8S_MAX_MEMORY_LIMIT: mcpServerMaximums.limits.memory
OBOT_SERVER_MCPPOD_SECURITY_ENABLED: mcpNamespace.podSecurity.enabled
OBOT_SERVER_MCPPOD_SECURITY_ENFORCE: mcpNamespace.podSecurity.enforce
OBOT_SERVER_MCPPOD_SECURITY_ENFORCE_VERSION: mcpNamespace.podSecurity.enforceVersion
OBOT_SERVER_MCPPOD_SECURITY_AUDIT: mcpNamespace.podSecurity.audit
OBOT_SERVER_MCPPOD_SECURITY_AUDIT_VERSION: mcpNamespace.podSecurity.auditVersion
OBOT_SERVER_MCPPOD_SECURITY_WARN: mcpNamespace.podSecurity.warn
OBOT_SERVER_MCPPOD_SECURITY_WARN_VERSION: mcpNamespace.podSecurity.warnVersion
{{- end -}}

{{/* What a value under such a name stands for, as JSON {"value": ...}: (dict "name" text "value"
any). Those of Kubernetes are JSON, as the reference deployment reads them; {} and [] are not set. */}}
{{- define "mcp-admission.reference-value" -}}
{{- $value := .value -}}
{{- if hasSuffix "_ENABLED" .name -}}
{{- $value = has (toString $value) (list "1" "t" "T" "TRUE" "true" "True") -}}
{{- else if hasSuffix "_SECRETS" .name -}}
{{- $names := list -}}
{{- range splitList "," $value -}}
{{- if trim . -}}{{- $names = append $names (dict "name" (trim .)) -}}{{- end -}}
{{- end -}}
{{- $value = $names -}}
{{- else if regexMatch "_SETTINGS_(AFFINITY|TOLERATIONS|RESOURCES)$" .name -}}
{{- $read := fromJson (printf "{\"value\": %s}" $value) -}}
{{- $kind := ternary "slice" "map" (hasSuffix "_TOLERATIONS" .name) -}}
{{- if not (kindIs $kind (index $read "value")) -}}
{{- fail (printf "config.%s: %s cannot be read: write JSON" .name $value) -}}
{{- end -}}
{{- $value = index $read "value" -}}
{{- end -}}
{{- dict "value" $value | toJson -}}
{{- end -}}

{{/* Add what is set under these names: (dict "config" map "into" map). Empty is not set. */}}
{{- define "mcp-admission.add-named" -}}
{{- $config := .config -}}
{{- $into := .into -}}
{{- range $name, $path := include "mcp-admission.reference-names" . | fromYaml -}}
{{- $value := index $config $name -}}
{{- if not (or (kindIs "invalid" $value) (has (toString $value) (list "" "{}" "[]" "null"))) -}}
{{- $read := include "mcp-admission.reference-value" (dict "name" $name "value" $value) | fromJson -}}
{{- $value = index $read "value" -}}
{{- $parent := $into -}}
{{- range splitList "." $path | initial -}}
{{- if not (hasKey $parent .) -}}{{- $_ := set $parent . dict -}}{{- end -}}
{{- $parent = index $parent . -}}
{{- end -}}
{{- $key := splitList "." $path | last -}}
{{- if and (hasKey $parent $key) (ne (index $parent $key | toJson) ($value | toJson)) -}}
{{- fail (printf "config.%s (%v) and %s (%v) differ: set one of them" $name $value $path (index $parent $key)) -}}
{{- end -}}
{{- $_ := set $parent $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
