/**
 * Owns the check of the import arrows. Refuses to pass when it looked at nothing: under TypeScript 7 the tool once
 * read no module at all and said "no violations", so the number of modules is checked against the files on disk.
 */
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { relative } from 'node:path'
import { cruise } from 'dependency-cruiser'

const FOLDERS = ['src', 'kernel', 'magics']

/** Checks the tree below `root`; returns the violations in words and the number of modules read. */
export async function checkArrows(root) {
  const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs')
  const before = process.cwd()
  process.chdir(root)
  try {
    const folders = FOLDERS.filter((folder) => globSync(`${folder}/**/*.ts`).length > 0)
    const { output } = await cruise(folders, { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true })
    const read = output.modules.filter((module) => FOLDERS.some((folder) => module.source.startsWith(`${folder}/`))).length
    const onDisk = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`)).filter((path) => !path.endsWith('.d.ts')).length
    const violations = output.summary.violations.map((violation) => `${violation.rule.name}: ${violation.from} → ${violation.to}`)
    if (read < onDisk) violations.push(`the tool read ${read} of ${onDisk} modules below ${relative(before, root) || '.'}`)
    return { violations, modulesRead: read }
  } finally {
    process.chdir(before)
  }
}

if (process.argv[1]?.endsWith('check-arrows.mjs')) {
  const { violations, modulesRead } = await checkArrows(process.cwd())
  for (const violation of violations) console.error(`arrow · ${violation}`)
  console.log(`arrows · ${modulesRead} modules, ${violations.length} violations`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
