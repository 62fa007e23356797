/** Owns the entry of the session process: the cache of compiled modules is on before the rest is loaded. */
import { useCompileCache } from '../../src/compile-cache.ts'

useCompileCache()
await import('./process.ts')
