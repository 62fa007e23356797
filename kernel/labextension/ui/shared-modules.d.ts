/** Modules that JupyterLab shares with its extensions; build.mjs hands them over at load. */
declare module '@lumino/widgets' {
  export class Widget {
    constructor(options?: { node?: HTMLElement })
    readonly node: HTMLElement
    readonly isDisposed: boolean
    addClass(name: string): void
    dispose(): void
    protected onAfterAttach(message: unknown): void
    protected onAfterShow(message: unknown): void
  }
}
declare module '@jupyterlab/rendermime' {
  export const IRenderMimeRegistry: import('./lab-types.ts').Token<import('./lab-types.ts').RenderMimeRegistry>
}
declare module '@jupyterlab/notebook' {
  export const INotebookTracker: import('./lab-types.ts').Token<import('./lab-types.ts').NotebookTracker>
}
