/**
 * Builds the prebuilt JupyterLab extension into dist/ beside this file: package.json, static/remoteEntry.<hash>.js, static/plotly.min.js.
 * The container around the bundle is written by hand (ten lines), so that neither JupyterLab's builder nor its packages are needed;
 * works with JupyterLab 4.2 and newer. Run: node kernel/labextension/build.mjs
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { build } from 'esbuild'

const NAME = 'labflow'
/** Taken from the running JupyterLab, never bundled. */
const SHARED = ['@jupyterlab/notebook', '@jupyterlab/rendermime', '@lumino/widgets']

const folder = import.meta.dirname
const { version } = JSON.parse(readFileSync(join(folder, '..', '..', 'package.json'), 'utf8'))
const target = process.argv[2] ?? join(folder, 'dist')

const { outputFiles } = await build({
  entryPoints: [join(folder, 'ui', 'index.ts')],
  bundle: true,
  write: false,
  format: 'cjs',
  platform: 'browser',
  target: 'es2022',
  external: SHARED,
  minify: true,
  legalComments: 'none',
  tsconfig: join(folder, 'tsconfig.json'),
})

const script = container(outputFiles[0].text)
const entry = `remoteEntry.${createHash('sha256').update(script).digest('hex').slice(0, 16)}.js`
rmSync(target, { recursive: true, force: true })
mkdirSync(join(target, 'static'), { recursive: true })
writeFileSync(join(target, 'static', entry), script)
copyFileSync(createRequire(import.meta.url).resolve('plotly.js-dist-min/plotly.min.js'), join(target, 'static', 'plotly.min.js'))
writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifest(entry), null, 2)}\n`)
// JupyterLab's extension manager says from this file how the extension came to be here.
writeFileSync(join(target, 'install.json'), `${JSON.stringify({ packageManager: 'npm', packageName: NAME, uninstallInstructions: 'labflow uninstall' }, null, 2)}\n`)

function manifest(entryFile) {
  return {
    name: NAME,
    version,
    description: 'Draws Plotly figures and the cards of Labflow runs in JupyterLab.',
    license: 'MIT',
    jupyterlab: { extension: true, _build: { load: `static/${entryFile}`, extension: './extension' } },
  }
}

/** A module federation container: JupyterLab calls init with the modules it shares, then get('./extension'). */
function container(bundle) {
  return `(() => {
const factory = (module, exports, require, ownAddress) => {
${bundle}
}
const shared = {}
let scope = {}
const address = document.currentScript.src
const take = async (name) => {
  const versions = Object.values(scope[name] ?? {})
  const found = versions.find((version) => version.loaded) ?? versions[0]
  if (found === undefined) throw new Error('JupyterLab does not share ' + name + ': the Labflow extension needs JupyterLab 4.2 or newer')
  shared[name] = (await found.get())()
}
const registry = (window._JUPYTERLAB ??= {})
registry[${JSON.stringify(NAME)}] = {
  init: (given) => { scope = given },
  get: async () => {
    await Promise.all(${JSON.stringify(SHARED)}.map(take))
    const module = { exports: {} }
    factory(module, module.exports, (name) => shared[name], address)
    return () => module.exports
  },
}
})()
`
}
