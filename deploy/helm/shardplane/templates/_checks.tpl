{{/* What no schema can say: values that need each other. Each message tells what to set. */}}
{{- define "shardplane.check" -}}
{{- $etcd := .Values.etcd -}}
{{- if and (not $etcd.endpoints) (not $etcd.bundled.enabled) -}}
{{- fail "etcd.endpoints is empty: set it to the URLs of your etcd (--set 'etcd.endpoints={https://etcd-0.example:2379}'), or set etcd.bundled.enabled=true for a trial" -}}
{{- end -}}
{{- if and $etcd.endpoints $etcd.bundled.enabled -}}
{{- fail "etcd.endpoints and etcd.bundled.enabled exclude each other: set one of them" -}}
{{- end -}}
{{- if and (eq .Values.mode "offload") $etcd.bundled.enabled -}}
{{- fail "etcd.bundled.enabled: in mode offload the etcd is that of the kube-apiservers; set etcd.endpoints" -}}
{{- end -}}
{{- range $etcd.endpoints -}}
{{- if and (hasPrefix "https://" .) (not $etcd.tlsSecret) (not $etcd.memberTlsSecret) -}}
{{- fail (printf "etcd.tlsSecret is empty, and %s needs certificates: name a Secret with ca.crt, tls.crt and tls.key" .) -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.mode "offload" -}}
{{- range $name := list "authoritiesConfigMap" "frontProxySecret" -}}
{{- if not (get $.Values.offload $name) -}}
{{- fail (printf "offload.%s is empty: docs/offload.md says how to make it from the kube-apiservers' files" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.certificates.source "supplied" -}}
{{- $needed := ternary (list "router" "watchcache" "serverName") (list "router" "frontends" "watchcache" "frontProxyClient" "watchcacheClient" "serviceAccount" "serverName") (eq .Values.mode "offload") -}}
{{- range $needed -}}
{{- if not (get $.Values.certificates.supplied .) -}}
{{- fail (printf "certificates.supplied.%s is empty: with certificates.source=supplied it must be named" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $tier := include "shardplane.tiers" . | splitList "," -}}
{{- $values := get $.Values $tier -}}
{{- $handover := ternary 30 0 (eq $tier "watchcache") -}}
{{- $needed := add $handover (include "shardplane.seconds" $values.shutdownDelay) (max 60 (include "shardplane.seconds" $values.watchGrace | int)) -}}
{{- if le (int $values.terminationGraceSeconds) (int $needed) -}}
{{- fail (printf "%s.terminationGraceSeconds is %v: stopping may take %v s, so set it above" $tier $values.terminationGraceSeconds $needed) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "shardplane.tiers" -}}
{{ ternary "router,watchcache" "router,frontends,watchcache" (eq .Values.mode "offload") }}
{{- end }}

{{/* The seconds of a duration such as 1m30s, in whole ones. The schema admits minutes and seconds only. */}}
{{- define "shardplane.seconds" -}}
{{- $minutes := regexFind "^[0-9]+m" . | trimSuffix "m" | default "0" -}}
{{- $seconds := regexFind "[0-9]+s$" . | trimSuffix "s" | default "0" -}}
{{- add (mul (int $minutes) 60) (int $seconds) -}}
{{- end }}
