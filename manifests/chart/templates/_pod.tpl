{{/* What the pods of the product have in common: nothing that `restricted` forbids. */}}

{{- define "mcp-admission.pod-security-context" -}}
runAsNonRoot: true
{{- if ne .Values.platform "openshift" }}
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mcp-admission.container-security-context" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* The head of every container. */}}
{{- define "mcp-admission.container" -}}
image: {{ include "mcp-admission.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "mcp-admission.container-security-context" . | nindent 2 }}
terminationMessagePath: /dev/termination-log
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{/* The variables of a container that sends traces. They are OpenTelemetry's own. */}}
{{- define "mcp-admission.traces" -}}
{{- with .Values.traces.endpoint -}}
{{- $variables := dict "OTEL_EXPORTER_OTLP_ENDPOINT" . "OTEL_RESOURCE_ATTRIBUTES" (printf "k8s.namespace.name=%s,k8s.pod.name=$(POD_NAME)" $.Release.Namespace) -}}
{{- range $name, $value := $.Values.traces.variables -}}
{{- if not (kindIs "invalid" $value) -}}{{- $_ := set $variables $name $value -}}{{- end -}}
{{- end -}}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        apiVersion: v1
        fieldPath: metadata.name
{{- range $name, $value := $variables }}
  - name: {{ $name }}
    value: {{ $value | quote }}
{{- end }}
{{- with $.Values.traces.secretName }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* The port of the collector, as its URL has it. */}}
{{- define "mcp-admission.traces-port" -}}
{{- with .Values.traces.endpoint -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "443" "80" (eq $url.scheme "https")) -}}
{{- end -}}
{{- end -}}

{{/* What every pod of a process begins with. */}}
{{- define "mcp-admission.pod" -}}
dnsPolicy: ClusterFirst
restartPolicy: Always
schedulerName: default-scheduler
securityContext:
  {{- include "mcp-admission.pod-security-context" . | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* On which nodes pods of a process may run: the values of the process. */}}
{{- define "mcp-admission.placement" -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" }}
{{- with index $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Where pods of a process run: (list context component). */}}
{{- define "mcp-admission.scheduling" -}}
{{- $ := index . 0 -}}
{{- $component := index . 1 -}}
{{- include "mcp-admission.pod" $ }}
{{- with $.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- include "mcp-admission.placement" (index $.Values $component) }}
# Two replicas are never on one node while another one takes pods. One node alone is enough, and a
# node that is lost counts no more. The pods of a rollout are spread among themselves.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: DoNotSchedule
    nodeTaintsPolicy: Honor
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "mcp-admission.component" (list $ $component) | nindent 8 }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "mcp-admission.component" (list $ $component) | nindent 8 }}
{{- end -}}

{{/*
The probes of a container. On a busy node it has two minutes to start, and five seconds for an answer:
a container that is slow is not helped by another start.
*/}}
{{- define "mcp-admission.probes" -}}
startupProbe:
  {{- include "mcp-admission.probe" (list "/healthz" 2 5 60) | nindent 2 }}
livenessProbe:
  {{- include "mcp-admission.probe" (list "/healthz" 10 5 3) | nindent 2 }}
readinessProbe:
  {{- include "mcp-admission.probe" (list "/readyz" 2 2 2) | nindent 2 }}
{{- end -}}

{{/* A probe of the port for probes and metrics: (list path period timeout failures). */}}
{{- define "mcp-admission.probe" -}}
httpGet:
  path: {{ index . 0 }}
  port: metrics
  scheme: HTTP
periodSeconds: {{ index . 1 }}
timeoutSeconds: {{ index . 2 }}
successThreshold: 1
failureThreshold: {{ index . 3 }}
{{- end -}}
