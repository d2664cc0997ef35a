{{- define "pointsman.labels" -}}
app.kubernetes.io/name: pointsman
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pointsman.secret" -}}
{{ .Values.existingSecret | default .Release.Name }}
{{- end }}

{{- /* To the database, and to ask for its address. */}}
{{- define "pointsman.database-egress" -}}
{{- if .Values.database.url }}
- ports:
    - { protocol: TCP, port: {{ .Values.networkPolicy.databasePort }} }
    - { protocol: UDP, port: 53 }
    - { protocol: TCP, port: 53 }
{{- else }}
[]
{{- end }}
{{- end }}
