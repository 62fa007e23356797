/**
 * Owns the renderer of application/vnd.plotly.v1+json: draws, follows theme and width, cleans up.
 */
import { Widget } from '@lumino/widgets'
import type { MimeModel, Renderer } from './lab-types.ts'
import { loadPlotly } from './plotly-loader.ts'
import type { Plotly } from './plotly-loader.ts'
import { onThemeChange, themedLayout } from './plotly-theme.ts'

/** MIME type of a Plotly figure. */
export const PLOTLY_MIME = 'application/vnd.plotly.v1+json'

const DEFAULT_HEIGHT = '450px'

interface FigureData {
  data?: unknown[]
  layout?: Record<string, unknown>
  config?: Record<string, unknown>
}

/** One figure in an output. */
export class PlotlyFigure extends Widget implements Renderer {
  readonly #plot = document.createElement('div')
  readonly #resizes = new ResizeObserver(() => this.#fit())
  readonly #stopTheme = onThemeChange(() => void this.#draw())
  #plotly: Plotly | null = null
  #figure: FigureData = {}

  constructor() {
    super()
    this.addClass('labflow-plotly')
    this.node.append(this.#plot)
    this.#plot.style.width = '100%'
    this.#resizes.observe(this.node)
  }

  async renderModel(model: MimeModel): Promise<void> {
    this.#figure = (model.data[PLOTLY_MIME] ?? {}) as FigureData
    const height = this.#figure.layout?.['height']
    this.#plot.style.height = typeof height === 'number' ? `${height}px` : DEFAULT_HEIGHT
    try {
      this.#plotly = await loadPlotly()
      await this.#draw()
    } catch (error) {
      this.#plot.style.height = 'auto'
      this.#plot.textContent = `This figure cannot be drawn: ${(error as Error).message}`
    }
  }

  override dispose(): void {
    if (this.isDisposed) return
    this.#resizes.disconnect()
    this.#stopTheme()
    this.#plotly?.purge(this.#plot)
    super.dispose()
  }

  async #draw(): Promise<void> {
    if (this.#plotly === null || this.isDisposed) return
    // Plotly writes into what it is given: the model of the notebook must stay as it is.
    const { data = [], layout = {}, config = {} } = structuredClone(this.#figure)
    await this.#plotly.react(this.#plot, data, themedLayout(layout), { responsive: false, displaylogo: false, ...config })
    this.#fit()
  }

  #fit(): void {
    if (this.#plotly === null || this.#plot.clientWidth === 0 || typeof this.#figure.layout?.['width'] === 'number') return
    // A hidden output has no width; its turn comes when it is shown.
    if (this.#plot.querySelector('.plot-container') !== null) this.#plotly.Plots.resize(this.#plot)
  }
}
