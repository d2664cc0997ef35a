{{- define "pointsman.labels" -}}
app.kubernetes.io/name: pointsman
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pointsman.secret" -}}
{{ .Values.existingSecret | default .Release.Name }}
{{- end }}
