{{/* Parts of network policies. */}}

{{- define "shardplane.network.peer" -}}
- podSelector:
    matchLabels:
      {{- include "shardplane.selector" . | nindent 6 }}
{{- end }}

{{- define "shardplane.network.to" -}}
- ports:
  - {port: https}
  to:
  {{- include "shardplane.network.peer" . | nindent 2 }}
{{- end }}

{{- define "shardplane.network.dns" -}}
- ports:
  - {port: 53, protocol: UDP}
  - {port: 53, protocol: TCP}
{{- end }}

{{/* To frontends, or to kube-apiservers, which are no pods that could be chosen: by their ports. */}}
{{- define "shardplane.network.frontends" -}}
{{- if eq .Values.mode "offload" -}}
- ports:
  {{- $ports := list 443 6443 -}}
  {{- range .Values.offload.frontends -}}
  {{- $ports = append $ports (regexFind "[0-9]+$" . | default "6443" | int) -}}
  {{- end -}}
  {{- range $ports | uniq }}
  - {port: {{ . }}}
  {{- end }}
{{- else -}}
{{ include "shardplane.network.to" (dict "root" . "tier" "frontends") }}
{{- end -}}
{{- end }}
