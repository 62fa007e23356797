/** Owns `labflow executor status|stop`: looks at the background process of this project, or ends it. */
import { formatDuration } from '../../config/durations.ts'
import { LabflowError } from '../../model/errors.ts'
import type { Command } from '../command.ts'
import { withRunningEngine } from '../engine-door.ts'
import { formatSize } from '../run-table.ts'

export const command: Command = {
  name: 'executor',
  usage: 'labflow executor status [--json] | labflow executor stop [--cancel]',
  summary: 'show or stop the background process that runs tasks',
  flags: {
    json: { type: 'boolean', help: 'status as JSON' },
    cancel: { type: 'boolean', help: 'with stop: cancel what still runs (otherwise the next executor takes it over)' },
  },
  async run({ positionals, flags }) {
    if (positionals[0] === 'status') return status(flags.json === true)
    if (positionals[0] === 'stop') return stop(flags.cancel === true)
    throw new LabflowError('BAD_OPTION', `labflow executor ${positionals[0] ?? ''} is not known: use "labflow executor status" or "labflow executor stop"`)
  },
}

async function status(isJson: boolean): Promise<number> {
  const found = await withRunningEngine((engine) => engine.status())
  if (found === null) {
    console.log(isJson ? 'null' : 'no executor runs for this project; the next task starts one')
    return 0
  }
  if (isJson) {
    console.log(JSON.stringify(found, null, 2))
    return 0
  }
  console.log(`executor ${found.version}, pid ${found.pid}, up ${formatDuration(Date.now() - found.startedMs)}, ${formatSize(found.memoryBytes)}`)
  console.log(`store     ${found.storePath}`)
  console.log(`runs      ${found.running} running, ${found.queued} queued, ${found.slots.used} of ${found.slots.total} slots used`)
  for (const worker of found.workers) console.log(`worker    pid ${worker.pid} ${worker.state}${worker.runId === null ? '' : ` with run ${worker.runId.slice(0, 8)}`}`)
  return 0
}

async function stop(isCancelling: boolean): Promise<number> {
  const leftRunning = await withRunningEngine((engine) => engine.stop(isCancelling))
  if (leftRunning === null) console.log('no executor runs for this project')
  else if (leftRunning > 0) console.log(`executor stopped; ${leftRunning} attempts go on and the next executor takes them over (--cancel ends them)`)
  else console.log('executor stopped')
  return 0
}
