{{/* The pods of a tier. They pass the restricted Pod Security Standard. */}}

{{- define "shardplane.pod" -}}
{{- $values := get .root.Values .tier -}}
{{- $volumes := include (printf "shardplane.volumes.%s" .tier) . -}}
metadata:
  labels:
    {{- include "shardplane.labels" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: shardplane
    checksum/config: {{ include "shardplane.config" . | sha256sum }}
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "shardplane.fullname" .root }}-{{ .tier }}
  automountServiceAccountToken: {{ and (eq .tier "watchcache") (eq .root.Values.mode "offload") }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ int $values.terminationGraceSeconds }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- include "shardplane.podSecurity" . | nindent 2 }}
  containers:
  - name: shardplane
    image: {{ include "shardplane.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
    {{- include (printf "shardplane.flags.%s" .tier) . | nindent 4 }}
    {{- range $values.extraArgs }}
    - {{ . | quote }}
    {{- end }}
    env:
    - name: POD_IP
      valueFrom: {fieldRef: {fieldPath: status.podIP}}
    {{- with $values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    ports:
    - {name: https, containerPort: 6443, protocol: TCP}
    {{- include (printf "shardplane.probes.%s" .tier) . | nindent 4 }}
    resources:
      {{- toYaml $values.resources | nindent 6 }}
    {{- include "shardplane.containerSecurity" . | nindent 4 }}
    volumeMounts:
    - {name: data, mountPath: /var/lib/shardplane}
    {{- range $volumes | fromYamlArray }}
    - {name: {{ .name }}, mountPath: /etc/shardplane/{{ .name }}, readOnly: true}
    {{- end }}
    {{- with $values.configFiles }}
    - {name: config, mountPath: /etc/shardplane/config, readOnly: true}
    {{- end }}
    {{- with $values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
  - name: data
    emptyDir: {sizeLimit: 64Mi}
  {{- $volumes | nindent 2 }}
  {{- with $values.configFiles }}
  - name: config
    configMap:
      name: {{ include "shardplane.fullname" $.root }}-{{ $.tier }}
  {{- end }}
  {{- with $values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  topologySpreadConstraints:
  {{- with $values.topologySpread }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- include "shardplane.selector" $ | nindent 8 }}
  {{- end }}
  {{- end }}
  {{- range $field := list "nodeSelector" "tolerations" "affinity" }}
  {{- with get $values $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end }}

{{/* What makes pods begin anew when it changes. Certificates do not: they are read again. */}}
{{- define "shardplane.config" -}}
{{ get (get .root.Values .tier) "configFiles" | toJson }}
{{- if and (eq .tier "watchcache") (eq .root.Values.mode "offload") }}
{{ include "shardplane.delegation" .root }}
{{- end }}
{{- end }}

{{- define "shardplane.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "shardplane.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* (list path period failures) of startup, liveness and readiness. A member that reads much is not alive later than others, only ready. */}}
{{- define "shardplane.probe" -}}
httpGet: {path: {{ index . 0 | quote }}, port: https, scheme: HTTPS}
periodSeconds: {{ index . 1 }}
timeoutSeconds: 5
failureThreshold: {{ index . 2 }}
{{- end }}

{{- define "shardplane.probes.router" -}}
startupProbe:
  {{- include "shardplane.probe" (list "/router/livez" 1 60) | nindent 2 }}
livenessProbe:
  {{- include "shardplane.probe" (list "/router/livez" 10 3) | nindent 2 }}
readinessProbe:
  {{- include "shardplane.probe" (list "/router/readyz" 2 2) | nindent 2 }}
{{- end }}

{{/* Starting again does not bring etcd back. */}}
{{- define "shardplane.probes.frontends" -}}
startupProbe:
  {{- include "shardplane.probe" (list "/livez?exclude=etcd" 1 120) | nindent 2 }}
livenessProbe:
  {{- include "shardplane.probe" (list "/livez?exclude=etcd" 10 3) | nindent 2 }}
readinessProbe:
  {{- include "shardplane.probe" (list "/readyz" 2 2) | nindent 2 }}
{{- end }}

{{- define "shardplane.probes.watchcache" -}}
{{ include "shardplane.probes.frontends" . }}
{{- end }}
