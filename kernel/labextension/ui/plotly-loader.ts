/**
 * Owns the loading of Plotly: once per page, from the file beside this extension, at the first figure.
 */

/** What of Plotly we call. */
export interface Plotly {
  newPlot(node: HTMLElement, data: unknown[], layout: object, config: object): Promise<unknown>
  react(node: HTMLElement, data: unknown[], layout: object, config: object): Promise<unknown>
  purge(node: HTMLElement): void
  Plots: { resize(node: HTMLElement): void }
}

/** The address of the extension's script, which build.mjs's container hands in: it is known only while that script first runs. */
declare const ownAddress: string
let loading: Promise<Plotly> | null = null

/** Plotly, loaded at the first call. Rejects with a sentence when the file cannot be loaded; the next call tries again. */
export function loadPlotly(): Promise<Plotly> {
  loading ??= new Promise<Plotly>((resolve, reject) => {
    const script = document.createElement('script')
    script.src = new URL('plotly.min.js', ownAddress).href
    script.onload = () => resolve((window as unknown as { Plotly: Plotly }).Plotly)
    script.onerror = () => {
      loading = null
      script.remove()
      reject(new Error(`Plotly could not be loaded from ${script.src}`))
    }
    document.head.append(script)
  })
  return loading
}
