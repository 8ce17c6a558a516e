import type { Recording, TimelineEntry } from './entries.ts'
import { escaped, STYLE } from './markup.ts'
import { isAboutRequest } from './picture.ts'
import { renderSvg, type SvgOptions } from './svg.ts'
import { duration, markText, outcomeOf } from './wording.ts'

/** The title of the page, and the options of its picture. */
export interface HtmlOptions extends SvgOptions {
  /** The page's title. Default: `'What auth did'`. */
  title?: string
}

/** Forbids the page to load or run anything, whatever text it contains. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

const PAGE_STYLE = `
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); }
svg { max-width: 100%; height: auto; } summary { cursor: pointer; margin: 1rem 0; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem .2rem 0; text-align: left;
  vertical-align: top; border-bottom: 1px solid var(--line); } td:first-child { white-space: nowrap; }
`.trim()

/** Renders recordings as one HTML page: the picture, and below it every entry in words. */
export function renderHtml(
  recordings: readonly Recording[],
  { title = 'What auth did', ...options }: HtmlOptions = {},
): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n${PAGE_STYLE}</style>`,
    '</head>',
    '<body class="latchkey">',
    `<h1>${escaped(title)}</h1>`,
    renderSvg(recordings, options).trim(),
    ...recordings.map((recording) => logOf(recording)),
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function logOf({ name, entries, dropped }: Recording): string {
  const whose = name === undefined ? '' : `${name}: `
  const older = dropped > 0 ? `, ${dropped} older no longer kept` : ''
  const rows = entries.map(
    (entry) =>
      `<tr><td>${new Date(entry.at).toISOString()}</td><td>${escaped(textOf(entry))}</td></tr>`,
  )
  return [
    `<details><summary>${escaped(`${whose}${entries.length} entries${older}`)}</summary>`,
    '<table><tr><th>when</th><th>what</th></tr>',
    ...rows,
    '</table></details>',
  ].join('\n')
}

function textOf(entry: TimelineEntry): string {
  if (entry.kind === 'signedOut' || entry.kind === 'storeFailed') return markText(entry)
  if (!isAboutRequest(entry)) return `renewal ${entry.renewal}: ${outcomeOf(entry)}`
  const { request, method, url, attempt } = entry
  const what = `request ${request}, ${method} ${url}`
  const served = 'renewal' in entry ? ` for renewal ${entry.renewal}` : ''
  switch (entry.kind) {
    case 'waiting':
      return `${what}: waits for a token`
    case 'sent': {
      const again = attempt > 1 ? ' again' : ''
      return `${what}: sent${again} with token ${entry.generation}, waited ${duration(entry.waitedMs)}${served}`
    }
    case 'answered':
      return `${what}: ${entry.status} after ${duration(entry.durationMs)}`
    case 'gaveUp':
      return `${what}: ${entry.code ?? 'refused'}, waited ${duration(entry.waitedMs)}${served}`
  }
}
