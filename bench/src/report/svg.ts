/** One bar: its length, and what is said beside it. */
export interface Bar {
  label: string
  value: number
  text: string
  /** Ours. */
  isOurs?: boolean
}

export interface BarChart {
  title: string
  subtitle: string
  groups: { label: string; bars: Bar[] }[]
  /** A line across all bars: the budget. */
  limit?: { value: number; label: string }
  /** Bars end here; what is longer is cut, and its text tells. */
  max: number
}

const WIDTH = 860
const LABELS = 300
const TEXTS = 210
const ROW = 20
const HEAD = 74

/** A chart of horizontal bars that reads in light and in dark. */
export function barChart({ title, subtitle, groups, limit, max }: BarChart): string {
  const scale = (value: number) => (Math.min(value, max) / max) * (WIDTH - LABELS - TEXTS)
  const rows: string[] = []
  let y = HEAD
  for (const { label, bars } of groups) {
    rows.push(text(12, y + 13, label, 'group'))
    y += ROW + 4
    for (const bar of bars) {
      rows.push(row(bar, y, scale(bar.value), bar.value > max))
      y += ROW
    }
    y += 10
  }
  const x = LABELS + scale(limit?.value ?? 0)
  const line = limit
    ? `<line x1="${x}" x2="${x}" y1="${HEAD - 8}" y2="${y - 8}" class="limit"/>${text(x + 4, HEAD - 12, limit.label, 'note')}`
    : ''
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${y}" class="paper"/>`,
    text(12, 26, title, 'title'),
    text(12, 45, subtitle, 'note'),
    line, // beneath the bars and what they say
    ...rows,
    '</svg>\n',
  ].join('\n')
}

function row(bar: Bar, y: number, width: number, isCut: boolean): string {
  const name = bar.isOurs ? 'ours' : 'other'
  const end = isCut ? ' …' : ''
  return [
    text(LABELS - 8, y + 12, bar.label, 'label', 'end'),
    `<rect x="${LABELS}" y="${y + 2}" width="${Math.max(1, width).toFixed(1)}" height="${ROW - 6}" rx="2" class="${name}"/>`,
    text(LABELS + Math.max(1, width) + 6, y + 12, bar.text + end, 'value'),
  ].join('')
}

const text = (x: number, y: number, said: string, name: string, anchor = 'start') =>
  `<text x="${x.toFixed(1)}" y="${y}" class="${name}" text-anchor="${anchor}">${escape(said)}</text>`

const escape = (said: string) =>
  said.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 } .group { font-weight: 600 }
.note, .value { fill: #57606a } .paper { fill: #ffffff }
.ours { fill: #0969da } .other { fill: #afb8c1 } .limit { stroke: #cf222e; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .note, .value { fill: #9198a1 } .paper { fill: #0d1117 }
.ours { fill: #4493f8 } .other { fill: #484f58 } .limit { stroke: #f85149 } }
`
