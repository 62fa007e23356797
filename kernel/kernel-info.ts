/**
 * Owns what the kernel says of itself: kernel_info_reply.
 * Costs no more than one small file read: front ends wait for it.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { treeRoot } from '../src/entry.ts'
import { protocolVersion } from './wire/message.ts'

interface PackageFile {
  name?: string
  version?: string
  dependencies?: Record<string, string>
}

/** Folder that holds our package.json: the tree itself, or the folder above dist/. */
export const packageRoot: string = readPackage(treeRoot) === null ? dirname(treeRoot) : treeRoot

/** Content of kernel_info_reply. */
export function kernelInfo(): Record<string, unknown> {
  const own = readPackage(packageRoot) ?? {}
  const version = own.version ?? '0.0.0'
  const typescriptVersion = (own.dependencies?.['typescript'] ?? '').replace(/^[^\d]*/, '')
  return {
    status: 'ok',
    protocol_version: protocolVersion,
    implementation: 'labflow',
    implementation_version: version,
    language_info: {
      name: 'typescript',
      version: typescriptVersion,
      // JupyterLab colours by `codemirror_mode` as a name of its list; text/typescript is unknown to it.
      mimetype: 'application/typescript',
      codemirror_mode: 'typescript',
      file_extension: '.ts',
      pygments_lexer: 'typescript',
      nbconvert_exporter: 'script',
    },
    banner: `Labflow ${version} · TypeScript ${typescriptVersion} on Node ${process.versions.node}\n%help lists the magics.`,
    help_links: [], debugger: false,
    supported_features: [],
  }
}

function readPackage(folder: string): PackageFile | null {
  try {
    const file = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile
    return file.name === 'labflow' ? file : null
  } catch {
    return null
  }
}
