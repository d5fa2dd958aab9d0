{{/* The command line of each tier, one flag a line. docs/operations.md says what they mean. */}}

{{/* What all have: where it stands, what it shows clients, how it stops. */}}
{{- define "shardplane.flags.standing" -}}
{{- $values := get .root.Values .tier -}}
- --data-dir=/var/lib/shardplane
- --secure-port=6443
- --advertise-address=$(POD_IP)
- --tls-cert-file=/etc/shardplane/serving/tls.crt
- --tls-private-key-file=/etc/shardplane/serving/tls.key
- --shutdown-delay-duration={{ $values.shutdownDelay }}
- --shutdown-watch-termination-grace-period={{ $values.watchGrace }}
- --v={{ int $values.verbosity }}
{{- end }}

{{- define "shardplane.flags.router" -}}
- router
{{ include "shardplane.flags.standing" . }}
- --goaway-chance={{ .root.Values.router.goawayChance }}
- --frontends={{ include "shardplane.seeds" .root }}
- --client-ca-file={{ include "shardplane.clientCA" .root }}
- --tier-ca-file=/etc/shardplane/serving/ca.crt
{{- if eq .root.Values.mode "offload" }}
- --tier-ca-file=/etc/shardplane/cluster/ca.crt
{{- end }}
- --tier-server-name={{ include "shardplane.serverName" .root }}
- --tier-client-cert-file=/etc/shardplane/front-proxy/tls.crt
- --tier-client-key-file=/etc/shardplane/front-proxy/tls.key
{{- end }}

{{- define "shardplane.flags.frontends" -}}
- apiserver
{{ include "shardplane.flags.standing" . }}
{{ include "shardplane.flags.etcd" (dict "etcd" .root.Values.etcd "root" .root "secret" .root.Values.etcd.tlsSecret) }}
- --etcd-compaction-interval={{ .root.Values.etcd.compactionInterval }}
{{ include "shardplane.flags.trust" .root }}
- --tier-ca-file=/etc/shardplane/serving/ca.crt
- --tier-server-name={{ include "shardplane.serverName" .root }}
- --tier-client-cert-file=/etc/shardplane/front-proxy/tls.crt
- --tier-client-key-file=/etc/shardplane/front-proxy/tls.key
- --service-account-signing-key-file=/etc/shardplane/service-account/tls.key
{{ include "shardplane.flags.cluster" .root }}
{{- end }}

{{- define "shardplane.flags.watchcache" -}}
{{- $values := .root.Values.watchcache -}}
- watchcache
{{ include "shardplane.flags.standing" . }}
{{ include "shardplane.flags.etcd" (dict "etcd" .root.Values.etcd "root" .root "secret" (include "shardplane.memberTlsSecret" .root)) }}
- --frontends={{ include "shardplane.seeds" .root }}
{{ include "shardplane.flags.trust" .root }}
- --unit-replicas={{ $values.unitReplicas }}
{{- with $values.unitReplicasOverrides }}
- --unit-replicas-overrides={{ join "," . }}
{{- end }}
- --watch-cache-history-megabytes={{ int $values.historyMegabytes }}
{{- if eq .root.Values.mode "offload" }}
- --tier-ca-file=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt
- --tier-token-file=/var/run/secrets/kubernetes.io/serviceaccount/token
- --authentication-kubeconfig=/etc/shardplane/delegation/kubeconfig
- --authorization-kubeconfig=/etc/shardplane/delegation/kubeconfig
{{- else }}
- --tier-ca-file=/etc/shardplane/serving/ca.crt
- --tier-server-name={{ include "shardplane.serverName" .root }}
- --tier-client-cert-file=/etc/shardplane/client/tls.crt
- --tier-client-key-file=/etc/shardplane/client/tls.key
- --service-account-key-file=/etc/shardplane/service-account/tls.crt
{{ include "shardplane.flags.cluster" .root }}
{{- end }}
{{- end }}

{{- define "shardplane.flags.etcd" -}}
- --etcd-servers={{ include "shardplane.etcd" .root }}
- --etcd-prefix={{ .etcd.prefix }}
{{- if .secret }}
- --etcd-cafile=/etc/shardplane/etcd/ca.crt
- --etcd-certfile=/etc/shardplane/etcd/tls.crt
- --etcd-keyfile=/etc/shardplane/etcd/tls.key
{{- end }}
{{- end }}

{{/* Whose clients and proxies are believed. */}}
{{- define "shardplane.flags.trust" -}}
{{- $isOffload := eq .Values.mode "offload" -}}
- --client-ca-file={{ include "shardplane.clientCA" . }}
- --requestheader-client-ca-file={{ ternary "/etc/shardplane/authorities/requestheader-ca.crt" "/etc/shardplane/front-proxy/ca.crt" $isOffload }}
- --requestheader-allowed-names={{ join "," (ternary .Values.offload.requestheaderAllowedNames .Values.cluster.requestheaderAllowedNames $isOffload) }}
{{- end }}

{{/* What frontends and members must be told alike. */}}
{{- define "shardplane.flags.cluster" -}}
{{- with .Values.cluster -}}
- --service-account-issuer={{ .serviceAccountIssuer }}
- --service-cluster-ip-range={{ .serviceClusterIPRange }}
- --service-node-port-range={{ .serviceNodePortRange }}
{{- with .runtimeConfig }}
- --runtime-config={{ . }}
{{- end }}
{{- with .featureGates }}
- --feature-gates={{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- define "shardplane.etcd" -}}
{{- if .Values.etcd.bundled.enabled -}}
http://{{ include "shardplane.fullname" . }}-etcd.{{ .Release.Namespace }}.svc:2379
{{- else -}}
{{ join "," .Values.etcd.endpoints }}
{{- end -}}
{{- end }}

{{- define "shardplane.memberTlsSecret" -}}
{{ default .Values.etcd.tlsSecret .Values.etcd.memberTlsSecret }}
{{- end }}

{{/* Where routers and members begin. */}}
{{- define "shardplane.seeds" -}}
{{- if eq .Values.mode "offload" -}}
{{ join "," .Values.offload.frontends }}
{{- else -}}
{{ include "shardplane.fullname" . }}-frontends.{{ .Release.Namespace }}.svc:6443
{{- end -}}
{{- end }}

{{- define "shardplane.clientCA" -}}
{{ ternary "/etc/shardplane/authorities/client-ca.crt" "/etc/shardplane/serving/ca.crt" (eq .Values.mode "offload") }}
{{- end }}

{{/* By which name frontends and members are known, whatever their address. */}}
{{- define "shardplane.serverName" -}}
{{- if eq .Values.certificates.source "supplied" -}}
{{ .Values.certificates.supplied.serverName }}
{{- else -}}
{{ include "shardplane.fullname" . }}-tiers.{{ .Release.Namespace }}.svc
{{- end -}}
{{- end }}
