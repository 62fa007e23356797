/**
 * Owns the list of magics.
 */
import type { Magic } from '../kernel/cell/magic.ts'
import { cache } from './cache.ts'
import { cancel } from './cancel.ts'
import { cd } from './cd.ts'
import { config } from './config.ts'
import { env } from './env.ts'
import { flow } from './flow.ts'
import { help, lsmagic } from './help.ts'
import { logs } from './logs.ts'
import { reset } from './reset.ts'
import { runs } from './runs.ts'
import { npm, sh } from './shell.ts'
import { submit } from './submit.ts'
import { task } from './task.ts'
import { time } from './time.ts'
import { wait } from './wait.ts'
import { who } from './who.ts'

/** Every magic, in the order in which `%lsmagic` shows them. */
export const magics: readonly Magic[] = [task, flow, submit, runs, logs, wait, cancel, cache, config, time, who, reset, env, cd, npm, sh, help, lsmagic]
