{{/* Match conditions. Every optional key is asked for with has(), because an absent key is an
error and an error under failurePolicy Fail refuses the request. */}}

{{- define "mcp-admission.not-a-mirror-pod" -}}
- name: not-a-mirror-pod
  expression: |-
    !(
      request.kind.kind == 'Pod'
      && has(object.metadata)
      && has(object.metadata.annotations)
      && 'kubernetes.io/config.mirror' in object.metadata.annotations
      && has(request.userInfo.groups)
      && 'system:nodes' in request.userInfo.groups
    )
{{- end -}}

{{- define "mcp-admission.pod-update-changes-spec" -}}
- name: pod-update-changes-spec
  expression: |-
    request.kind.kind != 'Pod'
    || has(request.subResource)
    || request.operation != 'UPDATE'
    || (has(object.spec) ? object.spec : {})
       != (oldObject != null && has(oldObject.spec) ? oldObject.spec : {})
{{- end -}}

{{/* The Job of one run is named after its CronJob; all others are left to their authors. */}}
{{- define "mcp-admission.job-of-a-cronjob" -}}
- name: job-of-a-cronjob
  expression: |-
    request.kind.kind != 'Job'
    || (has(object.metadata)
        && has(object.metadata.ownerReferences)
        && object.metadata.ownerReferences.exists(owner,
          has(owner.controller) && owner.controller && has(owner.kind) && owner.kind == 'CronJob'))
{{- end -}}

{{/* What a Deployment, a CronJob or an operator made is not warned about, so that their controllers
need no webhook to scale it down. Its pods are reviewed. A Binding's labels and annotations reach
its pod past every other check; kubelets still read AppArmor profiles there. */}}
{{- define "mcp-admission.validating-conditions" -}}
- name: not-made-by-another-workload
  expression: |-
    !(
      request.kind.kind in [
        'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'ReplicationController',
        'PodTemplate'
      ]
      && has(object.metadata)
      && has(object.metadata.ownerReferences)
      && object.metadata.ownerReferences.exists(owner,
        has(owner.controller) && owner.controller)
    )
- name: status-update-changes-labels
  expression: |-
    !(has(request.subResource) && request.subResource == 'status')
    || (has(object.metadata) && has(object.metadata.labels) ? object.metadata.labels : {})
       != (oldObject != null && has(oldObject.metadata) && has(oldObject.metadata.labels)
           ? oldObject.metadata.labels : {})
- name: binding-carries-a-guarded-key
  expression: |-
    request.kind.kind != 'Binding'
    || (has(object.metadata) && [
      has(object.metadata.labels) ? object.metadata.labels : {},
      has(object.metadata.annotations) ? object.metadata.annotations : {}
    ].exists(carried, carried.exists(key,
      key.startsWith('mcp-admission.dev/')
      || key.startsWith('container.apparmor.security.beta.kubernetes.io/'))))
{{- end -}}

{{/* oldObject counts as well: an update that drops the label must still be called. Only the value
"false" is no opt-in, so that a typo reaches the server and is refused there. A Binding says nothing
about its pod's labels. */}}
{{- define "mcp-admission.opted-in" -}}
- name: opted-in
  expression: |-
    request.kind.kind == 'Binding'
    || [object, oldObject].exists(o, o != null && [
      has(o.metadata) && has(o.metadata.labels)
        ? o.metadata.labels : {},
      has(o.spec) && has(o.spec.template) && has(o.spec.template.metadata)
        && has(o.spec.template.metadata.labels)
        ? o.spec.template.metadata.labels : {},
      has(o.template) && has(o.template.metadata) && has(o.template.metadata.labels)
        ? o.template.metadata.labels : {},
      has(o.spec) && has(o.spec.jobTemplate) && has(o.spec.jobTemplate.spec)
        && has(o.spec.jobTemplate.spec.template)
        && has(o.spec.jobTemplate.spec.template.metadata)
        && has(o.spec.jobTemplate.spec.template.metadata.labels)
        ? o.spec.jobTemplate.spec.template.metadata.labels : {}
    ].exists(labels,
      'mcp-admission.dev/server' in labels
      && labels['mcp-admission.dev/server'] != 'false'
      {{- range .Values.selectors }}
      || {{ include "mcp-admission.has-labels" . }}
      {{- end }}))
{{- end -}}

{{- define "mcp-admission.has-labels" -}}
{{- $terms := list -}}
{{- range $key, $value := . -}}
{{- $terms = append $terms (printf "'%s' in labels && labels['%s'] == '%s'" $key $key $value) -}}
{{- end -}}
{{- join " && " $terms -}}
{{- end -}}
