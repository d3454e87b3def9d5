{{/* What no schema can say of the values. */}}

{{- define "mcp-admission.check-values" -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is not set: name the image that you pushed, such as --set image.repository=registry.example/mcp-admission" -}}
{{- end -}}
{{- include "mcp-admission.check-scope" . -}}
{{- include "mcp-admission.check-console" . -}}
{{- if include "mcp-admission.makes-namespace" . -}}
{{- $servers := include "mcp-admission.mcp-namespace" . -}}
{{- if has $servers (list .Release.Namespace "kube-system") -}}
{{- fail (printf "mcpNamespace.name: %s is never reviewed: MCP servers need a namespace of their own" $servers) -}}
{{- end -}}
{{- if has $servers .Values.excludedNamespaces -}}
{{- fail (printf "excludedNamespaces: %s is the namespace of the MCP servers, which would not be reviewed: take it out" $servers) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mcp-admission.check-console" -}}
{{- with .Values.console -}}
{{- if has .tls.secretName (list "mcp-admission-tls" "mcp-admission-ca") -}}
{{- fail (printf "console.tls.secretName: %s holds a key of the webhook, which the console must not have: make a Secret of its own" .tls.secretName) -}}
{{- end -}}
{{- if and .enabled .tls.issued (not .tls.secretName) (eq $.Values.certificates.mode "bring-your-own") -}}
{{- fail "console.tls.issued: with certificates.mode bring-your-own, nobody here issues a certificate: name a Secret of yours in console.tls.secretName" -}}
{{- end -}}
{{- $webhook := printf ".%s.svc" (include "mcp-admission.service" $) -}}
{{- range .hosts -}}
{{- if or (hasSuffix (printf ".%s" .) $webhook) (hasSuffix (printf ".%s" .) (printf "%s.cluster.local" $webhook)) -}}
{{- fail (printf "console.hosts: a certificate for %s would be good for %s, too: give the console another name" . (trimPrefix "." $webhook)) -}}
{{- end -}}
{{- end -}}
{{- if and .enabled .ingress.enabled (not .hosts) -}}
{{- fail "console.hosts is empty: the Ingress needs the names that browsers know the console by, such as --set console.hosts={console.example}" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mcp-admission.check-scope" -}}
{{- if and (not (include "mcp-admission.cluster-wide" .)) (eq .Values.certificates.mode "own") -}}
{{- fail "certificates.mode: own writes caBundle, which this scope has no right to: choose cert-manager or bring-your-own, or scope: cluster" -}}
{{- end -}}
{{- if kindIs "map" .Values.scope -}}
{{- if not .Values.scope.namespaces -}}
{{- fail "scope.namespaces is empty: list the namespaces of the MCP servers, or write scope: cluster for all" -}}
{{- end -}}
{{- range .Values.scope.namespaces -}}
{{- if has . (list $.Release.Namespace "kube-system") -}}
{{- fail (printf "scope.namespaces: %s is never reviewed: take it out, MCP servers need namespaces of their own" .) -}}
{{- end -}}
{{- if has . ($.Values.excludedNamespaces | default list) -}}
{{- fail (printf "scope.namespaces: %s is in excludedNamespaces, too, and would not be reviewed: take it out of one of them" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* One installation serves a cluster. Only a cluster can tell, so that `helm template` never does. */}}
{{- define "mcp-admission.check-installation" -}}
{{- $registered := lookup "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" "" "mcp-admission" -}}
{{- with include "mcp-admission.other-owner" (list . $registered) -}}
{{- fail (printf "one installation serves a cluster, and there is one already, %s: upgrade that one, or remove it first" .) -}}
{{- end -}}
{{- if include "mcp-admission.cluster-wide" . -}}
{{- range $plural := list "mcpserversettings" "mcpnamespacesettings" "mcpserverexceptions" -}}
{{- $definition := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" (printf "%s.mcp-admission.dev" $plural) -}}
{{- with include "mcp-admission.other-owner" (list $ $definition) -}}
{{- fail (printf "CustomResourceDefinition %s.mcp-admission.dev was kept from an earlier installation, %s: install under that name, or delete it together with what it holds" $plural .) -}}
{{- end -}}
{{- end -}}
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
