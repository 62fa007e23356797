/** Owns `labflow run`: a notebook from top to bottom, or a task or flow that a TypeScript file exports. */
import { basename } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { formatDuration, parseDurationMs } from '../../config/durations.ts'
import { LabflowError } from '../../model/errors.ts'
import { commandHelp, parseWords, type Command, type ParsedWords } from '../command.ts'
import { collectParameters } from '../notebook-parameters.ts'

export const command: Command = {
  name: 'run',
  usage: 'labflow run NOTEBOOK [OUTPUT] [-p NAME VALUE …]\nlabflow run FILE.ts[:NAME] [--PARAMETER VALUE …]   (labflow run FILE.ts --help lists the parameters)',
  summary: 'run a notebook without a browser, or a flow of a file',
  isPassingUnknownFlags: true,
  flags: {
    parameter: { type: 'string', short: 'p', multiple: true, value: 'NAME VALUE', help: 'set a parameter of the notebook' },
    yaml: { type: 'string', short: 'y', multiple: true, value: 'YAML', help: 'parameters as YAML text' },
    file: { type: 'string', short: 'f', multiple: true, value: 'FILE', help: 'parameters from a YAML or JSON file' },
    'in-place': { type: 'boolean', help: 'write the outputs into NOTEBOOK itself (default: NAME.out.ipynb beside it)' },
    cwd: { type: 'string', value: 'FOLDER', help: "folder the cells run in (default: the notebook's)" },
    'allow-errors': { type: 'boolean', help: 'go on after a cell that failed' },
    'cell-timeout': { type: 'string', value: 'TIME', help: 'stop a cell after so long, such as 10m' },
    'skip-tag': { type: 'string', multiple: true, value: 'TAG', help: 'leave out cells with this tag' },
    'no-wait-runs': { type: 'boolean', help: 'do not wait for %%submit runs at the end' },
    'log-output': { type: 'boolean', help: 'print what the cells print' },
    help: { type: 'boolean', short: 'h', help: 'show this, or the parameters of a file' },
  },
  async run(parsed) {
    const target = parsed.words[0]
    if (target === undefined || target.startsWith('-')) {
      console.log(commandHelp(command))
      return target === undefined ? 2 : 0
    }
    if (target.endsWith('.ipynb')) return runNotebookFile(parsed, target)
    const { runFlowFile } = await import('../flow-run.ts')
    return runFlowFile(target, parsed.words.slice(1))
  },
}

async function runNotebookFile(parsed: ParsedWords, inputPath: string): Promise<number> {
  const { words, pairs } = takePairs(parsed.words)
  const { flags, positionals } = parseWords({ ...command, isPassingUnknownFlags: false }, words)
  if (flags.help === true) {
    console.log(commandHelp(command))
    return 0
  }
  const list = (value: (typeof flags)[string]) => (Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)])
  const parameters = collectParameters({ pairs, yamlTexts: list(flags.yaml), files: list(flags.file) })
  const outputPath = flags['in-place'] === true ? inputPath : (positionals[1] ?? inputPath.replace(/\.ipynb$/, '.out.ipynb'))
  const { runNotebook } = await import('../notebook-run.ts')
  const result = await runNotebook({
    inputPath,
    outputPath,
    parameters,
    folder: flags.cwd === undefined ? null : String(flags.cwd),
    isErrorAllowed: flags['allow-errors'] === true,
    cellTimeoutMs: flags['cell-timeout'] === undefined ? null : parseDurationMs(String(flags['cell-timeout']), '--cell-timeout'),
    skipTags: list(flags['skip-tag']),
    isWaitingForRuns: flags['no-wait-runs'] !== true,
    onCellStart: (index, count, firstLine) => console.error(`[${String(index + 1).padStart(String(count).length)}/${count}] ${firstLine.slice(0, 100)}`),
    onText: (name, text) => {
      if (flags['log-output'] === true) process[name].write(text)
    },
  })
  if (result.failed !== null) {
    const traceback = result.failed.error.traceback.join('\n') || `${result.failed.error.name}: ${result.failed.error.message}`
    // The file keeps the colours; in a log they are noise.
    console.error(process.stderr.isTTY ? traceback : stripVTControlCharacters(traceback))
    console.error(`labflow: cell ${result.failed.index + 1} of ${basename(inputPath)} failed; what ran is in ${outputPath}`)
    return 1
  }
  console.error(`${result.cellsRun} cells in ${formatDuration(result.durationMs)} → ${outputPath}`)
  return 0
}

/** Takes papermill's two-word `-p NAME VALUE` out of the words; parseArgs knows only one value a flag. */
function takePairs(words: string[]): { words: string[]; pairs: [string, string][] } {
  const rest: string[] = []
  const pairs: [string, string][] = []
  for (let at = 0; at < words.length; at++) {
    if (words[at] !== '-p' && words[at] !== '--parameter') {
      rest.push(words[at] ?? '')
      continue
    }
    const [name, value] = [words[at + 1], words[at + 2]]
    if (name === undefined || value === undefined) throw new LabflowError('BAD_OPTION', `${words[at]} needs a name and a value: -p rows 1000`)
    pairs.push([name, value])
    at += 2
  }
  return { words: rest, pairs }
}
