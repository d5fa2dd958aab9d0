{{/* What each tier finds in its files. A process is given what it needs: routers no key of tokens, members no front proxy's key. */}}

{{/* The name of a Secret: (list . "router" "router-tls"): as supplied, or our own. */}}
{{- define "shardplane.secret" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.certificates.source "supplied" -}}
{{ get $root.Values.certificates.supplied (index . 1) }}
{{- else -}}
{{ include "shardplane.fullname" $root }}-{{ index . 2 }}
{{- end -}}
{{- end }}

{{/* A volume of a Secret: (dict "name" "serving" "secret" "x" "items" (list "ca.crt")); all of the Secret without items. */}}
{{- define "shardplane.volume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items: {{- range (default (list "ca.crt" "tls.crt" "tls.key") .items) }}
    - {key: {{ . }}, path: {{ . }}}
    {{- end }}
{{- end }}

{{- define "shardplane.volumes.router" -}}
{{- $isOffload := eq .root.Values.mode "offload" -}}
{{ include "shardplane.volume" (dict "name" "serving" "secret" (include "shardplane.secret" (list .root "router" "router-tls"))) }}
{{ include "shardplane.volume" (dict "name" "front-proxy" "items" (list "tls.crt" "tls.key") "secret" (ternary .root.Values.offload.frontProxySecret (include "shardplane.secret" (list .root "frontProxyClient" "front-proxy-client")) $isOffload)) }}
{{- if $isOffload }}
{{ include "shardplane.volumes.authorities" .root }}
- name: cluster
  configMap:
    name: kube-root-ca.crt
{{- end }}
{{- end }}

{{- define "shardplane.volumes.frontends" -}}
{{ include "shardplane.volume" (dict "name" "serving" "secret" (include "shardplane.secret" (list .root "frontends" "frontends-tls"))) }}
{{ include "shardplane.volume" (dict "name" "front-proxy" "secret" (include "shardplane.secret" (list .root "frontProxyClient" "front-proxy-client"))) }}
{{ include "shardplane.volume" (dict "name" "service-account" "items" (list "tls.key") "secret" (include "shardplane.secret" (list .root "serviceAccount" "service-account"))) }}
{{- with .root.Values.etcd.tlsSecret }}
{{ include "shardplane.volume" (dict "name" "etcd" "secret" .) }}
{{- end }}
{{- end }}

{{- define "shardplane.volumes.watchcache" -}}
{{ include "shardplane.volume" (dict "name" "serving" "secret" (include "shardplane.secret" (list .root "watchcache" "watchcache-tls"))) }}
{{- if eq .root.Values.mode "offload" }}
{{ include "shardplane.volumes.authorities" .root }}
- name: delegation
  configMap:
    name: {{ include "shardplane.fullname" .root }}-delegation
{{- else }}
{{ include "shardplane.volume" (dict "name" "front-proxy" "items" (list "ca.crt") "secret" (include "shardplane.secret" (list .root "frontProxyClient" "front-proxy-client"))) }}
{{ include "shardplane.volume" (dict "name" "client" "items" (list "tls.crt" "tls.key") "secret" (include "shardplane.secret" (list .root "watchcacheClient" "watchcache-client"))) }}
{{ include "shardplane.volume" (dict "name" "service-account" "items" (list "tls.crt") "secret" (include "shardplane.secret" (list .root "serviceAccount" "service-account"))) }}
{{- end }}
{{- with include "shardplane.memberTlsSecret" .root }}
{{ include "shardplane.volume" (dict "name" "etcd" "secret" .) }}
{{- end }}
{{- end }}

{{- define "shardplane.volumes.authorities" -}}
- name: authorities
  configMap:
    name: {{ .Values.offload.authoritiesConfigMap }}
{{- end }}
