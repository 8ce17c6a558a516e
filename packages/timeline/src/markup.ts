import { plain } from './picture.ts'

/** Escapes `text` for an element of HTML or XML. In an attribute it would also have to be quoted. */
export function escaped(text: string): string {
  return plain(text).replaceAll(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** The colours of the drawings, for a light and a dark page. They need no script. */
export const STYLE = `
.latchkey { --ink: #1f2328; --faint: #818b98; --line: #d1d9e0; --paper: #ffffff;
  --sent: #1a7f37; --wait: #0a7ea4; --again: #9a6700; --bad: #cf222e; --renewal: #8250df;
  font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
@media (prefers-color-scheme: dark) { .latchkey { --ink: #f0f6fc; --faint: #9198a1;
  --line: #3d444d; --paper: #0d1117; --sent: #3fb950; --wait: #39c5cf; --again: #d29922;
  --bad: #f85149; --renewal: #ab7df8; } }
.latchkey text { fill: var(--ink); } .latchkey .faint { fill: var(--faint); }
.latchkey .paper { fill: var(--paper); } .latchkey .bold { font-weight: bold; }
.latchkey .line { stroke: var(--line); } .latchkey .guide { stroke: var(--renewal); opacity: .35; }
.latchkey .flight { fill: var(--sent); } .latchkey .wait { fill: var(--wait); opacity: .6; }
.latchkey .again { fill: var(--again); } .latchkey .refused { fill: var(--bad); opacity: .75; }
.latchkey .renewed { fill: var(--renewal); } .latchkey .adopted { fill: var(--wait); }
.latchkey .renewalFailed, .latchkey .signedOut, .latchkey .gaveUp { fill: var(--bad); }
.latchkey .storeFailed { fill: var(--again); }
`.trim()
