// Which vendor's agent runs in this process besides OpenTelemetry: it reads the trace headers of requests for itself, so they
// must stay as they came. Known by what an agent leaves on the global object, or by how it is loaded.

const DATADOG = Symbol.for('dd-trace')

/** What shows in `NODE_OPTIONS` or on the command line when an agent is loaded before the app. */
const LOADED: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bdd-trace\b/, 'Datadog'],
  [/\bnewrelic\b/, 'New Relic'],
  [/\belastic-apm-node\b/, 'Elastic APM'],
  [/@instana\b/, 'Instana'],
  [/\bappdynamics\b/, 'AppDynamics'],
  [/\b(?:dynatrace|oneagent)\b/i, 'Dynatrace'],
]

export function vendorAgent(env: NodeJS.ProcessEnv, execArgv: readonly string[]): string | undefined {
  if (DATADOG in globalThis) return 'Datadog'
  const started = `${env['NODE_OPTIONS'] ?? ''} ${execArgv.join(' ')}`
  const found = LOADED.find(([sign]) => sign.test(started))
  if (found !== undefined) return found[1]
  return env['NEW_RELIC_LICENSE_KEY'] ? 'New Relic' : undefined
}
