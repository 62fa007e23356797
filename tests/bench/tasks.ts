/** Owns the tasks that the bench runs; apart from the program that measures, since a worker loads this file. */
import { flow, task } from 'labflow'

export const double = task({ name: 'double' }, async (x: number) => x * 2)
export const cachedDouble = task({ name: 'cached-double', cache: '1h' }, async (x: number) => x * 2)
export const scale = task({ name: 'scale' }, async (points: Float64Array, k: number) => points.map((x) => x * k))
export const cachedScale = task({ name: 'cached-scale', cache: '1h' }, async (points: Float64Array, k: number) => points.map((x) => x * k))
export const stamp = task({ name: 'stamp' }, async (_index: number) => performance.timeOrigin + performance.now())
export const empty = flow({ name: 'empty' }, async () => 0)
export const endless = task({ name: 'endless' }, async (): Promise<number> => {
  for (;;) Math.sqrt(2)
})
