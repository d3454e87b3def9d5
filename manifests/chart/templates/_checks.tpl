{{/* What no schema can say of the values. */}}

{{- define "mcp-admission.check-values" -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is not set: name the image that you pushed, such as --set image.repository=registry.example/mcp-admission" -}}
{{- end -}}
{{- if and (eq .Values.scope "namespace") (eq .Values.certificates.mode "own") -}}
{{- fail "certificates.mode: own writes caBundle, which scope namespace has no right to: choose cert-manager or bring-your-own" -}}
{{- end -}}
{{- $servers := include "mcp-admission.mcp-namespace" . -}}
{{- if has $servers (list .Release.Namespace "kube-system") -}}
{{- fail (printf "mcpNamespace.name: %s is never reviewed: MCP servers need a namespace of their own" $servers) -}}
{{- end -}}
{{- if has $servers .Values.excludedNamespaces -}}
{{- fail (printf "excludedNamespaces: %s is the namespace of the MCP servers, which would not be reviewed: take it out" $servers) -}}
{{- end -}}
{{- end -}}

{{/* One installation serves a cluster. Only a cluster can tell, so that `helm template` never does. */}}
{{- define "mcp-admission.check-installation" -}}
{{- $registered := lookup "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" "" "mcp-admission" -}}
{{- $definition := dict -}}
{{- if include "mcp-admission.cluster-wide" . -}}
{{- $definition = lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "mcpserversettings.mcp-admission.dev" -}}
{{- end -}}
{{- with include "mcp-admission.other-owner" (list . $registered) -}}
{{- fail (printf "one installation serves a cluster, and there is one already, %s: upgrade that one, or remove it first" .) -}}
{{- end -}}
{{- with include "mcp-admission.other-owner" (list . $definition) -}}
{{- fail (printf "CustomResourceDefinition mcpserversettings.mcp-admission.dev was kept from an earlier installation, %s: install under that name, or delete it together with the settings that it holds" .) -}}
{{- end -}}
{{- end -}}

{{/* Who has an object, where it is not this release: (list context object). */}}
{{- define "mcp-admission.other-owner" -}}
{{- $ := index . 0 -}}
{{- with index . 1 -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{- $name := get $annotations "meta.helm.sh/release-name" -}}
{{- $namespace := get $annotations "meta.helm.sh/release-namespace" -}}
{{- if not $name -}}
made without Helm
{{- else if or (ne $name $.Release.Name) (ne $namespace $.Release.Namespace) -}}
release {{ $name }} in namespace {{ $namespace }}
{{- end -}}
{{- end -}}
{{- end -}}
