/** Owns `labflow uninstall`: takes away what `labflow install` wrote; stores and runs stay. */
import type { Command } from '../command.ts'
import { readTarget } from './install.ts'

export const command: Command = {
  name: 'uninstall',
  usage: 'labflow uninstall [--user | --prefix DIR]',
  summary: 'remove the kernel and the extension from Jupyter; runs and results stay',
  flags: {
    user: { type: 'boolean', help: "from the user's Jupyter folder (the default)" },
    prefix: { type: 'string', value: 'DIR', help: 'from DIR/share/jupyter' },
  },
  async run({ flags }) {
    const { uninstallKernel } = await import('../../../kernel/install.ts')
    const removed = uninstallKernel(readTarget(flags))
    for (const folder of removed) console.log(`removed ${folder}`)
    if (removed.length === 0) console.log('nothing was installed there')
    return 0
  },
}
