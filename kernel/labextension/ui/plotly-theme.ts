/**
 * Owns how a figure looks in JupyterLab's light and dark themes: a Plotly template from the page's own colours.
 * Refuses to overrule: what a figure's own layout or template says stays.
 */

/** The layout with our template under it, unless the figure brings a template of its own. */
export function themedLayout(layout: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = layout['template']
  const hasOwn = typeof own === 'string' || (typeof own === 'object' && own !== null && Object.keys(own).length > 0)
  return { autosize: true, ...layout, ...(hasOwn ? {} : { template: pageTemplate('title' in layout) }) }
}

function pageTemplate(hasTitle: boolean): object {
  const style = getComputedStyle(document.body)
  const colour = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise
  const text = colour('--jp-content-font-color1', '#212121')
  const line = colour('--jp-border-color2', '#e0e0e0')
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: colour('--jp-border-color1', '#bdbdbd'), automargin: true, title: { standoff: 12 } }
  return {
    layout: {
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { color: text, family: colour('--jp-content-font-family', 'sans-serif') },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { font: { family: colour('--jp-content-font-family', 'sans-serif') } },
      // Else the legend's dots are as tiny as those of a scatter of thousands.
      legend: { itemsizing: 'constant' },
      margin: { t: hasTitle ? 48 : 16, r: 24, b: 56, l: 56 },
    },
  }
}

/** Calls back after each change of JupyterLab's theme; returns the way to stop. */
export function onThemeChange(callback: () => void): () => void {
  const observer = new MutationObserver(() => requestAnimationFrame(callback))
  observer.observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light'] })
  return () => observer.disconnect()
}
