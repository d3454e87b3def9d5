{{/* The parts of the two webhook configurations. */}}

{{/* The head of an entry: (list context path), or with a failurePolicy behind. The process of the
certificates, or cert-manager, or whoever brings the certificate writes caBundle. */}}
{{- define "mcp-admission.client" -}}
{{- $ := index . 0 -}}
admissionReviewVersions: [v1]
clientConfig:
  service:
    namespace: {{ $.Release.Namespace }}
    name: mcp-admission
    port: 443
    path: {{ index . 1 }}
failurePolicy: {{ index (append . (include "mcp-admission.failure-policy" $)) 2 }}
matchPolicy: Equivalent
sideEffects: None
timeoutSeconds: 5
objectSelector: {}
{{- end -}}

{{/* Below enforce nothing is refused, also while no replica answers. */}}
{{- define "mcp-admission.failure-policy" -}}
{{- ternary "Ignore" "Fail" (has .Values.mode (list "observe" "warn")) -}}
{{- end -}}

{{/* (list context operator): In for managed namespaces, NotIn for all others, nothing for both. Our own namespace and
kube-system are never reviewed: a webhook that is down must be able to start again. */}}
{{- define "mcp-admission.namespace-selector" -}}
{{- $ := index . 0 -}}
namespaceSelector:
  matchExpressions:
    {{- with index . 1 }}
    - key: mcp-admission.dev/managed
      operator: {{ . }}
      values: ["true"]
    {{- end }}
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ concat (list "kube-system" $.Release.Namespace) ($.Values.excludedNamespaces | default list) | uniq | toJson }}
    {{- with include "mcp-admission.scope-namespaces" $ | fromJsonArray }}
    - key: kubernetes.io/metadata.name
      operator: In
      values: {{ toJson . }}
    {{- end }}
{{- end -}}

{{- define "mcp-admission.mutating-rules" -}}
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods/ephemeralcontainers]
  operations: [UPDATE]
  scope: Namespaced
- apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- apiGroups: [batch]
  apiVersions: [v1]
  resources: [jobs]
  operations: [CREATE]
  scope: Namespaced
{{- end -}}

{{- define "mcp-admission.validating-rules" -}}
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods, podtemplates, replicationcontrollers]
  operations: [CREATE, UPDATE]
  scope: Namespaced
- apiGroups: [""]
  apiVersions: [v1]
  resources: [pods/ephemeralcontainers, pods/resize, pods/status]
  operations: [UPDATE]
  scope: Namespaced
- apiGroups: [""]
  apiVersions: [v1]
  resources: [bindings, pods/binding]
  operations: [CREATE]
  scope: Namespaced
- apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  operations: [CREATE, UPDATE]
  scope: Namespaced
{{- end -}}

{{/* A Scale carries no labels: only a namespace says whose it is. */}}
{{- define "mcp-admission.scale-rule" -}}
- apiGroups: [apps]
  apiVersions: [v1]
  resources: [deployments/scale]
  operations: [UPDATE]
  scope: Namespaced
{{- end -}}

{{- define "mcp-admission.job-rule" -}}
- apiGroups: [batch]
  apiVersions: [v1]
  resources: [jobs, cronjobs]
  operations: [CREATE, UPDATE]
  scope: Namespaced
{{- end -}}

{{- define "mcp-admission.registration-metadata" -}}
name: mcp-admission
labels:
  {{- include "mcp-admission.labels" . | nindent 2 }}
{{- if eq .Values.certificates.mode "cert-manager" }}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/mcp-admission-serving
{{- end }}
{{- end -}}

{{- define "mcp-admission.mutating-webhooks" -}}
- name: managed-namespace.mcp-admission.dev
  {{- include "mcp-admission.client" (list . "/mutate/managed") | nindent 2 }}
  reinvocationPolicy: IfNeeded
  {{- include "mcp-admission.namespace-selector" (list . "In") | nindent 2 }}
  rules:
    {{- include "mcp-admission.mutating-rules" . | nindent 4 }}
  matchConditions:
    {{- include "mcp-admission.not-a-mirror-pod" . | nindent 4 }}
    {{- include "mcp-admission.pod-update-changes-spec" . | nindent 4 }}
    {{- include "mcp-admission.job-of-a-cronjob" . | nindent 4 }}
{{- if include "mcp-admission.opts-in" . }}
- name: opted-in.mcp-admission.dev
  {{- include "mcp-admission.client" (list . "/mutate") | nindent 2 }}
  reinvocationPolicy: IfNeeded
  {{- include "mcp-admission.namespace-selector" (list . "NotIn") | nindent 2 }}
  rules:
    {{- include "mcp-admission.mutating-rules" . | nindent 4 }}
  matchConditions:
    {{- include "mcp-admission.not-a-mirror-pod" . | nindent 4 }}
    {{- include "mcp-admission.pod-update-changes-spec" . | nindent 4 }}
    {{- include "mcp-admission.job-of-a-cronjob" . | nindent 4 }}
    {{- include "mcp-admission.opted-in" . | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "mcp-admission.validating-webhooks" -}}
- name: managed-namespace.mcp-admission.dev
  {{- include "mcp-admission.client" (list . "/validate/managed") | nindent 2 }}
  {{- include "mcp-admission.namespace-selector" (list . "In") | nindent 2 }}
  rules:
    {{- include "mcp-admission.validating-rules" . | nindent 4 }}
    {{- include "mcp-admission.scale-rule" . | nindent 4 }}
    {{- include "mcp-admission.job-rule" . | nindent 4 }}
  matchConditions:
    {{- include "mcp-admission.not-a-mirror-pod" . | nindent 4 }}
    {{- include "mcp-admission.validating-conditions" . | nindent 4 }}
{{- if include "mcp-admission.opts-in" . }}
- name: opted-in.mcp-admission.dev
  {{- include "mcp-admission.client" (list . "/validate") | nindent 2 }}
  {{- include "mcp-admission.namespace-selector" (list . "NotIn") | nindent 2 }}
  rules:
    {{- include "mcp-admission.validating-rules" . | nindent 4 }}
    {{- include "mcp-admission.job-rule" . | nindent 4 }}
  matchConditions:
    {{- include "mcp-admission.not-a-mirror-pod" . | nindent 4 }}
    {{- include "mcp-admission.validating-conditions" . | nindent 4 }}
    {{- include "mcp-admission.opted-in" . | nindent 4 }}
{{- end }}
{{- if include "mcp-admission.cluster-wide" . }}
# It warns of what only the merge of settings can see, and refuses nothing.
- name: settings.mcp-admission.dev
  {{- include "mcp-admission.client" (list . "/validate/settings" "Ignore") | nindent 2 }}
  {{- include "mcp-admission.namespace-selector" (list . "") | nindent 2 }}
  rules:
    - apiGroups: [mcp-admission.dev]
      apiVersions: [v1alpha1]
      resources: [mcpserversettings, mcpserverexceptions]
      operations: [CREATE, UPDATE]
      scope: Cluster
    - apiGroups: [mcp-admission.dev]
      apiVersions: [v1alpha1]
      resources: [mcpnamespacesettings]
      operations: [CREATE, UPDATE]
      scope: Namespaced
{{- end }}
{{- end -}}
