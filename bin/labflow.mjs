#!/usr/bin/env node
/**
 * Owns the first line of the `labflow` command: it refuses a Node that is too old in one plain sentence,
 * before anything is loaded that such a Node would crash on (better-sqlite3 13 segfaults on Node 20).
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isTooOld = major < 22 || (major === 22 && minor < 15)
const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node')

if (isTooOld && existsSync(pinnedNode)) {
  const again = spawnSync(pinnedNode, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exit(again.status ?? 1)
}
if (isTooOld) {
  console.error(`labflow needs Node 22.15 or newer, and this is Node ${process.versions.node}: install a newer one (for example "npm install -g n && n 24") and try again.`)
  process.exit(1)
}
const source = join(root, 'src', 'cli', 'main.ts')
// A clone runs its source; an installed package has only dist/.
await import(existsSync(source) ? source : join(root, 'dist', 'src', 'cli', 'main.js'))
