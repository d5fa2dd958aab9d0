{{- define "shop.pod" -}}
metadata: {labels: {app: {{ .Release.Name }}}}
spec:
  serviceAccountName: {{ .Release.Name }}
  containers:
    - name: shop
      image: {{ .Values.image }}
      ports: [{name: http, containerPort: 8080}]
      envFrom: [{configMapRef: {name: {{ .Release.Name }}-settings}}]
{{- end }}
