{{/* What `shardplane certificates` makes: authorities, and in mode offload only what routers and members serve with. */}}
{{- define "shardplane.certificates.pieces" -}}
{{- $common := "ca,front-proxy-ca,router-tls,watchcache-tls" -}}
{{ ternary $common (printf "%s,frontends-tls,front-proxy-client,watchcache-client,admin,monitoring,service-account" $common) (eq .Values.mode "offload") }}
{{- end }}

{{- define "shardplane.certificates.pod" -}}
metadata:
  labels:
    {{- include "shardplane.labels" . | nindent 4 }}
spec:
  restartPolicy: OnFailure
  serviceAccountName: {{ include "shardplane.fullname" .root }}-certificates
  automountServiceAccountToken: true
  enableServiceLinks: false
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- include "shardplane.podSecurity" . | nindent 2 }}
  containers:
  - name: shardplane
    image: {{ include "shardplane.image" .root }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args:
    - certificates
    - --dir=/var/lib/shardplane
    - --in-cluster
    - --name={{ include "shardplane.fullname" .root }}
    - --namespace={{ .root.Release.Namespace }}
    - --cluster-domain={{ .root.Values.clusterDomain }}
    - --pieces={{ include "shardplane.certificates.pieces" .root }}
    {{- with .root.Values.certificates.names }}
    - --names={{ join "," . }}
    {{- end }}
    resources:
      requests: {cpu: 50m, memory: 32Mi}
      limits: {memory: 128Mi}
    {{- include "shardplane.containerSecurity" . | nindent 4 }}
    volumeMounts:
    - {name: data, mountPath: /var/lib/shardplane}
  volumes:
  - name: data
    emptyDir: {sizeLimit: 8Mi, medium: Memory}
{{- end }}

{{/* The names of a Service, as a list in JSON: (list root name namespace). */}}
{{- define "shardplane.serviceNames" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $svc := printf "%s.%s.svc" $name (index . 2) -}}
{{ list $name (printf "%s.%s" $name (index . 2)) $svc (printf "%s.%s" $svc $root.Values.clusterDomain) | toJson }}
{{- end }}

{{/* A Certificate of cert-manager: (dict "root" . "piece" "router-tls" "issuer" "ca" "commonName" "x" "usages" (list) "dnsNames" (list)). */}}
{{- define "shardplane.certificate" -}}
apiVersion: cert-manager.io/v1
kind: Certificate
{{ include "shardplane.metadata" (dict "root" .root "tier" "certificates" "name" .piece) }}
spec:
  secretName: {{ include "shardplane.fullname" .root }}-{{ .piece }}
  commonName: {{ .commonName }}
  {{- with .organization }}
  subject:
    organizations: [{{ . | quote }}]
  {{- end }}
  {{- with .dnsNames }}
  dnsNames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .ipAddresses }}
  ipAddresses:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .keeps }}
  duration: 87600h
  isCA: {{ eq .keeps "authority" }}
  {{- else }}
  duration: {{ .root.Values.certificates.certManager.duration }}
  renewBefore: {{ .root.Values.certificates.certManager.renewBefore }}
  {{- end }}
  privateKey:
    algorithm: ECDSA
    size: 256
    encoding: PKCS8
    rotationPolicy: {{ ternary "Never" "Always" (not (empty .keeps)) }}
  usages:
    {{- toYaml .usages | nindent 4 }}
  issuerRef:
    kind: Issuer
    name: {{ include "shardplane.fullname" .root }}-{{ .issuer }}
{{- end }}

{{- define "shardplane.issuer" -}}
apiVersion: cert-manager.io/v1
kind: Issuer
{{ include "shardplane.metadata" (dict "root" .root "tier" "certificates" "name" .piece) }}
spec:
  {{- if eq .piece "self-signed" }}
  selfSigned: {}
  {{- else }}
  ca:
    secretName: {{ include "shardplane.fullname" .root }}-{{ .piece }}
  {{- end }}
{{- end }}
