{{/* Who reads metrics is let in by a certificate of the group system:monitoring; beside kube-apiservers by Prometheus's own token. */}}
{{- define "shardplane.serviceMonitor" -}}
{{- $isRouter := eq .tier "router" -}}
{{- $serving := include "shardplane.secret" (list .root .tier (printf "%s-tls" .tier)) -}}
{{- $own := printf "%s.%s.svc" (include "shardplane.fullname" .root) .root.Release.Namespace -}}
{{- $monitoring := .root.Values.monitoring.serviceMonitor -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
{{ include "shardplane.metadata" (merge (dict "name" .tier) .) }}
    {{- with $monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      {{- include "shardplane.selector" . | nindent 6 }}
  endpoints:
  - port: https
    scheme: https
    path: {{ ternary "/router/metrics" "/metrics" $isRouter }}
    interval: {{ $monitoring.interval }}
    {{- if eq .root.Values.mode "offload" }}
    bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
    {{- end }}
    tlsConfig:
      serverName: {{ ternary $own (include "shardplane.serverName" .root) $isRouter }}
      ca:
        secret: {name: {{ $serving }}, key: ca.crt}
      {{- if eq .root.Values.mode "full" }}
      {{- $shown := include "shardplane.secret" (list .root "monitoring" "monitoring") }}
      cert:
        secret: {name: {{ $shown }}, key: tls.crt}
      keySecret: {name: {{ $shown }}, key: tls.key}
      {{- end }}
{{- end }}
