/** Owns the entry of the executor process: the cache of compiled modules is on before the rest is loaded. */
import { useCompileCache } from '../compile-cache.ts'

useCompileCache()
await import('./process.ts')
