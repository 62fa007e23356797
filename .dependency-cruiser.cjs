/**
 * Owns the import arrows of Labflow: which folder may import which, and the one door of each heavy package.
 * Read a rule as "from X, only these". Checked by tools/check-arrows.mjs, which is itself tested with a planted violation.
 */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ') || 'nothing'}`,
  from: { path: from },
  to: { path: '^(src|kernel|magics)/', pathNot: [from, ...allowed] },
})

const door = (name, packagePattern, doors) => ({
  name,
  severity: 'error',
  comment: `${packagePattern} is imported by ${doors} alone`,
  from: { path: '^(src|kernel|magics)/', pathNot: doors },
  to: { path: packagePattern },
})

const MODEL = '^src/model/'

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { path: '^(src|kernel|magics)/' }, to: { circular: true } },
    only('model-knows-nothing', '^src/model/', []),
    only('pipe', '^src/pipe/', [MODEL]),
    only('code', '^src/code/', [MODEL]),
    only('values', '^src/values/', [MODEL]),
    only('figures', '^src/figures/', [MODEL]),
    only('display', '^src/display/', [MODEL, '^src/figures/']),
    only('wire', '^src/wire/', [MODEL]),
    only('config', '^src/config/', [MODEL, '^src/entry']),
    only('modules', '^src/modules/', [MODEL, '^src/code/', '^src/entry']),
    only('capture', '^src/capture/', [MODEL, '^src/code/', '^src/values/', '^src/modules/']),
    only('store', '^src/store/', [MODEL, '^src/wire/', '^src/clock', '^src/faults', '^src/config/']),
    only('executor', '^src/executor/', [MODEL, '^src/store/', '^src/wire/', '^src/pipe/', '^src/clock', '^src/faults', '^src/config/', '^src/worker/protocol', '^src/entry', '^src/compile-cache', '^src/version']),
    only('worker', '^src/worker/', [MODEL, '^src/modules/', '^src/values/', '^src/capture/', '^src/code/', '^src/display/', '^src/figures/', '^src/pipe/', '^src/wire/', '^src/api/', '^src/config/', '^src/faults', '^src/entry', '^src/compile-cache']),
    only('client', '^src/client/', [MODEL, '^src/wire/', '^src/clock', '^src/config/', '^src/entry', '^src/version', '^src/store/store-folder']),
    only('api', '^src/api/', [MODEL, '^src/wire/', '^src/values/', '^src/capture/', '^src/client/', '^src/config/', '^src/code/', '^src/modules/', '^src/entry', '^src/display/']),
    only('index', '^src/index', [MODEL, '^src/api/', '^src/display/', '^src/values/']),
    {
      name: 'kernel-never-sees-store-or-executor',
      severity: 'error',
      from: { path: '^(kernel|magics)/' },
      to: { path: '^src/(store/(?!store-folder)|executor/|worker/)' },
    },
    { name: 'engine-never-sees-kernel', severity: 'error', from: { path: '^src/(?!cli/)' }, to: { path: '^(kernel|magics)/' } },
    only('magics', '^magics/', [MODEL, '^src/config/', '^src/client/', '^src/wire/', '^src/code/', '^src/display/', '^kernel/(cell|runs)/', '^kernel/(contract|notebook)', '^kernel/session/protocol']),
    { name: 'nobody-imports-a-main', severity: 'error', from: { path: '^(src|kernel|magics)/', pathNot: '^src/cli/' }, to: { path: '(^|/)main\\.ts$' } },
    door('one-door-for-typescript', '^(node_modules/)?typescript(/|$)', '^kernel/language/'),
    door('one-door-for-zeromq', '^(node_modules/)?zeromq(/|$)', '^(kernel/wire/sockets|src/wire/sockets)'),
    door('one-door-for-sqlite', '^(node_modules/)?better-sqlite3(/|$)', '^src/store/open'),
    door('one-door-for-the-parser', '^(node_modules/)?(oxc-parser|oxc-transform|oxc-minify|esbuild)(/|$)', '^(src/code/|kernel/labextension/)'),
    door('few-doors-for-child-processes', '^(node:)?child_process$', '^(src/executor/child|src/client/launch|src/cli/|kernel/session/|kernel/language/|kernel/labextension/|magics/|src/figures/)'),
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^dist/|\\.d\\.ts$)' },
    enhancedResolveOptions: { extensions: ['.ts', '.mjs', '.js', '.json'] },
  },
}
