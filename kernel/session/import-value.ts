/**
 * Owns importing one binding as a cell of the notebook would.
 */
import { join } from 'node:path'
import { constants, Script } from 'node:vm'
import type { ImportBinding } from '../../src/model/run.ts'
import { pickExport } from '../../src/modules/pick-export.ts'

/** The value of an import. @throws Error of the module or of the missing export. */
export async function importValue(binding: Omit<ImportBinding, 'local'>, folder: string): Promise<unknown> {
  const { specifier, imported, attributes } = binding
  const words = attributes === undefined ? '' : `, { with: ${JSON.stringify(attributes)} }`
  const script = new Script(`import(${JSON.stringify(specifier)}${words})`, { filename: join(folder, 'imports.ts'), importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  const module = (await script.runInThisContext()) as Record<string, unknown>
  return imported === '*' ? module : pickExport(module, imported, specifier)
}
