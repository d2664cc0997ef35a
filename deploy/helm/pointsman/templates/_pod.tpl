{{- /* The pod of the daemon: on a file of its own, or one of several on a PostgreSQL database. */}}
{{- define "pointsman.pod" -}}
metadata:
  labels: {{- include "pointsman.labels" . | nindent 4 }}
  annotations:
    # A change of the configuration or of the secrets restarts the daemon.
    checksum/config: {{ print .Values.config (toJson .Values.secret) | sha256sum }}
spec:
  serviceAccountName: {{ .Release.Name }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  # Longer than `shutdown_timeout_s` (25 s).
  terminationGracePeriodSeconds: 40
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    # The group may read the secrets.
    fsGroup: 65532
    {{- if not .Values.database.url }}
    # The volume's files become the group's once, not at each start: a large file would take long.
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: pointsman
      image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      env:
        - name: POINTSMAN_CONFIG
          value: /etc/pointsman/pointsman.toml
        {{- with .Values.database.url }}
        - name: POINTSMAN_DB
          value: {{ . | quote }}
        - name: POINTSMAN_STORE__PASSWORD_FILE
          value: /etc/pointsman/secrets/database-password
        - name: POINTSMAN_STORE__TLS
          value: {{ $.Values.database.tls }}
        {{- end }}
      ports:
        - name: otlp-grpc
          containerPort: 4317
        - name: otlp-http
          containerPort: 4318
        - name: pages
          containerPort: 4400
      # A large file is migrated or read, or a schema updated, before the sockets answer: ten minutes.
      startupProbe:
        httpGet:
          path: /healthz
          port: pages
        periodSeconds: 5
        failureThreshold: 120
      livenessProbe:
        httpGet:
          path: /healthz
          port: pages
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      # Ready is after the first advisor run. Senders need not wait for that: service.yaml.
      readinessProbe:
        httpGet:
          path: /readyz
          port: pages
        periodSeconds: 5
        timeoutSeconds: 5
      resources: {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        {{- if not .Values.database.url }}
        - name: data
          mountPath: /var/lib/pointsman
        {{- end }}
        - name: config
          mountPath: /etc/pointsman/pointsman.toml
          subPath: pointsman.toml
          readOnly: true
        - name: secrets
          mountPath: /etc/pointsman/secrets
          readOnly: true
        {{- if not .Values.database.url }}
        - name: temporary
          mountPath: /tmp
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ .Release.Name }}
    - name: secrets
      secret:
        secretName: {{ include "pointsman.secret" . }}
        defaultMode: 0440
        items:
          - { key: otlp-tokens, path: otlp-tokens }
          - { key: pages-tokens, path: pages-tokens }
          - { key: metrics-tokens, path: metrics-tokens }
          - { key: hash-secret, path: hash-secret }
          {{- if .Values.database.url }}
          - { key: database-password, path: database-password }
          {{- end }}
    {{- if not .Values.database.url }}
    # SQLite sorts large results in temporary files.
    - name: temporary
      emptyDir:
        sizeLimit: 1Gi
    {{- end }}
{{- end }}
