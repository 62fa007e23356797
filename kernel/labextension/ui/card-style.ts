/**
 * Owns how a card looks in JupyterLab: one style sheet for the page, colours that are read well in light and dark themes.
 */

const STYLE = `
.labflow-run-card {
  --labflow-waiting: #8f5f00; --labflow-running: #1b6ec2; --labflow-good: #25803a; --labflow-bad: #c22a2a; --labflow-quiet: #5f6b75; --labflow-paused: #6741d9;
}
body[data-jp-theme-light='false'] .labflow-run-card {
  --labflow-waiting: #f2c14e; --labflow-running: #6cb2f7; --labflow-good: #6fd585; --labflow-bad: #ff8f8f; --labflow-quiet: #a9b3bc; --labflow-paused: #b7a1ff;
}
.labflow-run-card .labflow-frame {
  --labflow-now: var(--labflow-quiet);
  border: 1px solid var(--jp-border-color2); border-left: 4px solid var(--labflow-now); border-radius: 4px; padding: 7px 12px 8px; margin: 3px 0;
  font-family: var(--jp-content-font-family); font-size: var(--jp-content-font-size1); line-height: 1.5; color: var(--jp-content-font-color1);
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.labflow-run-card [data-state=SCHEDULED], .labflow-run-card [data-state=PENDING] { --labflow-now: var(--labflow-waiting); }
.labflow-run-card [data-state=RUNNING] { --labflow-now: var(--labflow-running); }
.labflow-run-card [data-state=COMPLETED] { --labflow-now: var(--labflow-good); }
.labflow-run-card [data-state=FAILED], .labflow-run-card [data-state=CRASHED] { --labflow-now: var(--labflow-bad); }
.labflow-run-card [data-state=CANCELLING], .labflow-run-card [data-state=CANCELLED] { --labflow-now: var(--labflow-quiet); }
.labflow-run-card [data-state=PAUSED] { --labflow-now: var(--labflow-paused); }
.labflow-run-card .labflow-head { display: flex; gap: 4px 9px; align-items: baseline; flex-wrap: wrap; }
.labflow-run-card .labflow-state { color: var(--labflow-now); font-weight: 600; white-space: nowrap; }
.labflow-run-card .labflow-name { font-weight: 600; }
.labflow-run-card .labflow-facts, .labflow-run-card .labflow-line { color: var(--jp-content-font-color2); }
.labflow-run-card .labflow-stop {
  margin-left: auto; padding: 0 10px; font: inherit; line-height: 1.6; color: inherit; background: transparent; border: 1px solid var(--jp-border-color1); border-radius: 4px; cursor: pointer;
}
.labflow-run-card .labflow-stop:hover:enabled { border-color: var(--labflow-bad); color: var(--labflow-bad); }
.labflow-run-card .labflow-stop:focus-visible { outline: 2px solid var(--labflow-running); outline-offset: 1px; }
.labflow-run-card .labflow-stop:disabled { cursor: default; opacity: .65; }
.labflow-run-card .labflow-progress { display: flex; gap: 4px 12px; align-items: center; flex-wrap: wrap; margin: 3px 0; }
.labflow-run-card .labflow-bar { flex: 0 1 280px; min-width: 120px; height: 7px; border-radius: 4px; overflow: hidden; background: var(--jp-layout-color3); }
.labflow-run-card .labflow-bar > div { height: 100%; border-radius: 4px; background: var(--labflow-now); }
.labflow-run-card .labflow-log { font-family: var(--jp-code-font-family); font-size: var(--jp-code-font-size); white-space: pre; overflow: hidden; text-overflow: ellipsis; }
.labflow-run-card .labflow-error { color: var(--labflow-bad); white-space: pre-wrap; }
`

/** Adds the style sheet to the page; safe again and again. */
export function addCardStyle(): void {
  const id = 'labflow-card-style'
  if (document.getElementById(id) !== null) return
  const sheet = document.createElement('style')
  sheet.id = id
  sheet.textContent = STYLE
  document.head.append(sheet)
}
