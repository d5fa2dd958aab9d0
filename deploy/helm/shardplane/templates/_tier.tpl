{{/* What each tier has besides its Service: Deployment, ServiceAccount, disruption budget, autoscaler, config. */}}

{{- define "shardplane.tier" -}}
{{- $values := get .root.Values .tier -}}
{{- $named := merge (dict "name" .tier) . -}}
apiVersion: apps/v1
kind: Deployment
{{ include "shardplane.metadata" $named }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ int $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  # A new pod takes over before an old one goes: clients resume and list nothing again.
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  selector:
    matchLabels:
      {{- include "shardplane.selector" . | nindent 6 }}
  template:
    {{- include "shardplane.pod" . | nindent 4 }}
---
apiVersion: v1
kind: ServiceAccount
{{ include "shardplane.metadata" $named }}
automountServiceAccountToken: false
{{- if $values.disruption.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "shardplane.metadata" $named }}
spec:
  maxUnavailable: {{ $values.disruption.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "shardplane.selector" . | nindent 6 }}
{{- end }}
{{- if $values.autoscaling.enabled }}
---
{{ include "shardplane.autoscaler" . }}
{{- end }}
{{- with $values.configFiles }}
---
apiVersion: v1
kind: ConfigMap
{{ include "shardplane.metadata" $named }}
data:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "shardplane.autoscaler" -}}
{{- $values := (get .root.Values .tier).autoscaling -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "shardplane.metadata" (merge (dict "name" .tier) .) }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "shardplane.fullname" .root }}-{{ .tier }}
  minReplicas: {{ int $values.minReplicas }}
  maxReplicas: {{ int $values.maxReplicas }}
  # Who leaves hands its watches over: one at a time, and not for a short lull.
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 600
      policies:
      - {type: Pods, value: 1, periodSeconds: 120}
  metrics:
  {{- range $name, $percent := dict "cpu" $values.cpuPercent "memory" $values.memoryPercent }}
  {{- if $percent }}
  - type: Resource
    resource:
      name: {{ $name }}
      target: {type: Utilization, averageUtilization: {{ int $percent }}}
  {{- end }}
  {{- end }}
{{- end }}
