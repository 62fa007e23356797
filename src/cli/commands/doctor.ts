/** Owns `labflow doctor`: says what is wrong with this installation and how to mend it; `--smoke` proves that it works. */
import { checkExecutor, checkJupyterLab, checkKernelspec, checkNode, checkStore } from '../doctor/checks.ts'
import type { Command } from '../command.ts'

const MARKS = { ok: '✓', warning: '!', wrong: '✗' }

export const command: Command = {
  name: 'doctor',
  usage: 'labflow doctor [--smoke]',
  summary: 'check Node, kernel, JupyterLab, store and executor, and say how to mend what is wrong',
  flags: { smoke: { type: 'boolean', help: 'also run a cell, a task, a flow and the 1,000 × 10 test, and print the times' } },
  async run({ flags }) {
    const results = [checkNode(), checkKernelspec(), checkJupyterLab(), checkStore(), await checkExecutor()]
    for (const { name, verdict, found, remedy } of results) {
      console.log(`${MARKS[verdict]} ${name.padEnd(11)} ${found}`)
      if (remedy !== '') console.log(`  ${''.padEnd(11)} → ${remedy}`)
    }
    const isWell = results.every((result) => result.verdict !== 'wrong')
    if (flags.smoke !== true) return isWell ? 0 : 1
    const { runSmoke } = await import('../doctor/smoke.ts')
    return (await runSmoke()) && isWell ? 0 : 1
  },
}
