/**
 * Owns the list of what src/display offers: values to MIME bundles, `display` over a sink, template tags.
 */
export type { DisplayHandle, DisplayOptions, DisplaySink, Shown } from './contract.ts'
export { createDisplay, type Display, type DisplayApi } from './display.ts'
export { clearOutput, currentDisplay, display, setCurrentDisplay } from './current.ts'
export { displaySymbol, toFullMimeBundle, toMimeBundle } from './mime-bundle.ts'
export { className, inspectText, isForeignFrame } from './text.ts'
export { escapeHtml } from './escape.ts'
export { html, Markup, md, svg, tex, type TemplateTag } from './template-tags.ts'
