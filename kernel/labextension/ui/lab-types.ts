/**
 * Owns the few types of JupyterLab and Lumino that the extension uses, so that no package of theirs is needed to build it.
 * The values come from the running JupyterLab (4.2 or newer) at load.
 */

/** A token of Lumino: names what a plugin asks for. */
export interface Token<T> {
  readonly name: string
  /** Only ties the type. */
  readonly _tokenStructuralPropertyT?: T
}

/** Data of one output, by MIME type. */
export interface MimeModel {
  readonly data: Readonly<Record<string, unknown>>
  readonly trusted: boolean
}

/** What a factory makes for one output. */
export interface Renderer {
  renderModel(model: MimeModel): Promise<void>
}

export interface RendererFactory {
  readonly safe: boolean
  readonly mimeTypes: readonly string[]
  readonly defaultRank: number
  createRenderer(options: { mimeType: string }): Renderer
}

/** JupyterLab's list of renderers. */
export interface RenderMimeRegistry {
  addFactory(factory: RendererFactory, rank?: number): void
}

export interface Comm {
  readonly isDisposed: boolean
  open(data: unknown): unknown
  send(data: unknown): unknown
  close(): unknown
  onMsg: (message: { content: { data: unknown } }) => void
  onClose: (message: { content: { data: unknown } }) => void
}

export interface Kernel {
  readonly hasComm?: boolean
  createComm(targetName: string): Comm
}

/** Outputs of one cell: a list of nbformat outputs and the widgets that show them, in the same order. */
export interface OutputArea {
  readonly widgets: readonly { readonly node: HTMLElement }[]
  readonly model: {
    readonly length: number
    get(index: number): { toJSON(): Record<string, unknown> }
    set(index: number, output: Record<string, unknown>): void
  }
}

export interface NotebookPanel {
  readonly node: HTMLElement
  readonly content: { readonly widgets: readonly { readonly node: HTMLElement; readonly outputArea?: OutputArea }[] }
  readonly sessionContext: { readonly session: { readonly kernel: Kernel | null } | null }
}

/** JupyterLab's list of open notebooks. */
export interface NotebookTracker {
  find(matches: (panel: NotebookPanel) => boolean): NotebookPanel | undefined
}

export interface Plugin<Required extends unknown[]> {
  id: string
  description: string
  autoStart: boolean
  requires: Token<unknown>[]
  optional: Token<unknown>[]
  activate(app: unknown, ...services: Required): void
}
