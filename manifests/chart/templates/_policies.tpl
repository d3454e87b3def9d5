{{/* The parts of the policies that bound what our own accounts may write. RBAC knows neither fields
nor the names of what is created. */}}

{{/* The policies on our own accounts. */}}
{{- define "mcp-admission.account-policies" -}}
["mcp-admission-certificates", "mcp-admission-control-fields", "mcp-admission-control-objects", "mcp-admission-control-own"]
{{- end -}}

{{/* The head of a policy on the writes of an account: (list context name account). */}}
{{- define "mcp-admission.account-policy" -}}
{{- $ := index . 0 -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "mcp-admission.labels" $ | nindent 4 }}
spec:
  failurePolicy: Fail
  matchConditions:
    - name: written-by-the-account
      expression: >-
        request.userInfo.username == 'system:serviceaccount:{{ $.Release.Namespace }}:{{ index . 2 }}'
{{- end -}}

{{/* A rule of a policy: (list groups versions resources operations scope). */}}
{{- define "mcp-admission.policy-rule" -}}
- apiGroups: [{{ index . 0 | quote }}]
  apiVersions: ["*"]
  resources: {{ index . 1 | toJson }}
  operations: {{ index . 2 | toJson }}
  scope: {{ index . 3 | quote }}
{{- end -}}

{{/* Where the product acts, whatever the labels of a namespace say. */}}
{{- define "mcp-admission.reviewed-namespaces" -}}
matchExpressions:
  - key: kubernetes.io/metadata.name
    operator: NotIn
    values: {{ concat (list "kube-system" .Release.Namespace) (.Values.excludedNamespaces | default list) | uniq | toJson }}
  {{- with include "mcp-admission.scope-namespaces" . | fromJsonArray }}
  - key: kubernetes.io/metadata.name
    operator: In
    values: {{ toJson . }}
  {{- end }}
{{- end -}}

{{/* The binding of a policy: (list context name). */}}
{{- define "mcp-admission.policy-binding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "mcp-admission.labels" (index . 0) | nindent 4 }}
spec:
  policyName: {{ index . 1 }}
  validationActions: [Deny]
{{- end -}}

{{/* Variables for metadata before and after. */}}
{{- define "mcp-admission.metadata-variables" -}}
- name: after
  expression: "object == null ? dyn(oldObject) : dyn(object)"
- name: before
  expression: "oldObject == null ? dyn(object) : dyn(oldObject)"
- name: labels
  expression: "has(variables.after.metadata.labels) ? variables.after.metadata.labels : {}"
- name: labelsBefore
  expression: "has(variables.before.metadata.labels) ? variables.before.metadata.labels : {}"
- name: annotations
  expression: "has(variables.after.metadata.annotations) ? variables.after.metadata.annotations : {}"
- name: annotationsBefore
  expression: "has(variables.before.metadata.annotations) ? variables.before.metadata.annotations : {}"
{{- end -}}

{{/* Whether two mappings are equal but for keys for which an expression of `key` is true:
(list after before exempt). */}}
{{- define "mcp-admission.equal-but-for" -}}
{{ index . 0 }}.all(key, {{ index . 2 }} || {{ index . 1 }}[?key] == optional.of({{ index . 0 }}[key]))
&& {{ index . 1 }}.all(key, {{ index . 2 }} || key in {{ index . 0 }})
{{- end -}}
