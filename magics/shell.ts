/**
 * Owns `%%sh`, `!command` and `%npm`: shell commands in the session's folder and environment, their output shown as it comes.
 * The one place in magics that starts a process.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { LabflowError } from '../src/model/errors.ts'
import type { Magic, MagicContext } from '../kernel/cell/magic.ts'

/** How long an interrupted command may clean up. */
const GRACE_MS = 1000

export const sh: Magic = {
  name: 'sh',
  kinds: ['cell', 'shell'],
  usage: '%%sh      above a shell script\n!command',
  summary: 'Runs shell commands in the folder and environment of the session.',
  options: [],
  hasRawBody: true,
  async run(call, context) {
    if (call.form === 'shell') return runShell(call.argument, context)
    if (call.argument !== '') throw new LabflowError('BAD_OPTION', `%%sh takes no options, but got "${call.argument}"`)
    await runShell(context.body.replace(/^\s*\n/, ''), context)
  },
}

export const npm: Magic = {
  name: 'npm',
  kinds: ['line'],
  usage: '%npm install umap-js',
  summary: "Runs npm in the session's folder; an installed package can be imported at once.",
  options: [],
  run: (call, context) => runShell(`npm ${call.argument}`, context),
}

/** @throws LabflowError naming the exit code; INTERRUPTED when the user stopped it. */
async function runShell(script: string, context: MagicContext): Promise<void> {
  const { session } = context.notebook
  const place = await session.ask<{ cwd: string; env: Record<string, string> }>({ type: 'environment' })
  const child = spawn('/bin/sh', ['-c', script], { cwd: place.value.cwd, env: place.value.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  child.stdout.setEncoding('utf8').on('data', (text: string) => context.output.stream('stdout', text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => context.output.stream('stderr', text))
  const stop = (): void => stopTree(child)
  context.signal.addEventListener('abort', stop, { once: true })
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode, signal) => resolve(exitCode ?? signal ?? 'a signal'))
    })
    if (context.signal.aborted) throw new LabflowError('INTERRUPTED', 'the command was stopped')
    if (code !== 0) throw new LabflowError('RUN_FAILED', `the command ended with ${code}`)
  } finally {
    context.signal.removeEventListener('abort', stop)
  }
}

/** The command leads a process group of its own, so that what it started ends with it. */
function stopTree(child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // The group is gone already.
    }
  }
  kill('SIGINT')
  const force = setTimeout(() => kill('SIGKILL'), GRACE_MS)
  child.on('close', () => clearTimeout(force))
}
