{{/* The cluster that members ask who a client is and what it may: they are pods of it. */}}
{{- define "shardplane.delegation" -}}
apiVersion: v1
kind: Config
current-context: cluster
contexts:
- name: cluster
  context: {cluster: cluster, user: member}
clusters:
- name: cluster
  cluster:
    server: https://{{ first .Values.offload.frontends }}
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
users:
- name: member
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
{{- end }}
