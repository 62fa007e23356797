/** Owns `labflow install`: the kernelspec and the JupyterLab extension into a Jupyter data folder. */
import type { Command } from '../command.ts'

export const command: Command = {
  name: 'install',
  usage: 'labflow install [--user | --prefix DIR]',
  summary: 'register the kernel "TypeScript (Labflow)" with Jupyter',
  flags: {
    user: { type: 'boolean', help: "into the user's Jupyter folder (the default; JUPYTER_DATA_DIR is honoured)" },
    prefix: { type: 'string', value: 'DIR', help: 'into DIR/share/jupyter, such as a virtual environment' },
    quiet: { type: 'boolean', short: 'q', help: 'print nothing when all is well' },
  },
  async run({ flags }) {
    const { installKernel } = await import('../../../kernel/install.ts')
    const installed = installKernel(readTarget(flags))
    if (flags.quiet === true) return 0
    console.log(`${installed.isReplaced ? 'replaced' : 'installed'} the kernel in ${installed.kernelFolder}`)
    console.log(installed.extensionFolder === null ? 'the JupyterLab extension is not built in this tree (npm run build): plots show as pictures' : `installed the JupyterLab extension in ${installed.extensionFolder}`)
    console.log('reload JupyterLab and choose "TypeScript (Labflow)"')
    return 0
  },
}

/** Where --user and --prefix point. */
export function readTarget(flags: Record<string, unknown>): { user?: boolean; prefix?: string } {
  return { ...(flags.user === true ? { user: true } : {}), ...(typeof flags.prefix === 'string' ? { prefix: flags.prefix } : {}) }
}
