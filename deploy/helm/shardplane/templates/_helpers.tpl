{{/* Names and labels. */}}
{{- define "shardplane.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* What everything is called, or its name begins with. */}}
{{- define "shardplane.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "shardplane.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "shardplane.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Where the tiers keep their leases, whatever the namespace of the release: the processes know it by this name. */}}
{{- define "shardplane.leases" -}}shardplane-system{{- end }}

{{/* The labels by which pods are chosen: (dict "root" . "tier" "router"). */}}
{{- define "shardplane.selector" -}}
app.kubernetes.io/name: {{ include "shardplane.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .tier }}
{{- end }}

{{- define "shardplane.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: shardplane
{{ include "shardplane.selector" . }}
{{- end }}

{{/* metadata of an object of a tier: (dict "root" . "tier" "router" "name" "router"). */}}
{{- define "shardplane.metadata" -}}
metadata:
  name: {{ include "shardplane.fullname" .root }}{{ with .name }}-{{ . }}{{ end }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "shardplane.labels" . | nindent 4 }}
{{- end }}

{{- define "shardplane.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end }}
