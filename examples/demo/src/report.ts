import { stripVTControlCharacters } from 'node:util'
import { duration, instant, plural } from './format.ts'
import { type ClientRecord, type Note, type RunRecord, renewalCounts, totals } from './record.ts'
import { type Colors, renderLegend, renderTimeline } from './timeline.ts'

/** The server's own counts, if it can report them. */
export interface ServerCounts {
  requests: number
  signIns: number
  renewals: number
  unauthorized: number
}

export interface Size {
  width: number
  height: number
}

/** The picture on the screen during the run; never more lines than fit. */
export function renderLive(record: RunRecord, size: Size, colors: Colors): string[] {
  const picture = renderPicture(record, size.width, colors, 'now')
  const room = Math.max(0, size.height - picture.length)
  const notes = room === 0 ? [] : record.notes.slice(-room).map((note) => renderNote(note, colors))
  return [...picture.slice(0, size.height), ...indent(notes)].map((line) => cut(line, size.width))
}

/** The text that stays on the screen: the picture, the numbers and the result. */
export function renderReport(
  record: RunRecord,
  { width, colors, server }: { width: number; colors: Colors; server?: ServerCounts | undefined },
): string[] {
  return [
    ...renderPicture(record, width, colors, 'end'),
    ...indent([...renderSummary(record, colors, server), ...renderFailures(record, colors), '']),
  ]
}

export function renderNote({ at, kind, text }: Note, { dim, yellow }: Colors): string {
  return `${dim(instant(at))}  ${kind === 'trouble' ? yellow(text) : text}`
}

function renderPicture(
  record: RunRecord,
  width: number,
  colors: Colors,
  when: 'now' | 'end',
): string[] {
  return indent([
    '',
    ...renderTimeline(record, width - 3, colors),
    '',
    ...renderLegend(record, colors),
    '',
    ...renderTable(record, colors, when),
    '',
  ])
}

function indent(lines: string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`))
}

/** A line that the terminal wraps would spoil the redrawing. A cut one loses its colours. */
function cut(line: string, width: number): string {
  const text = stripVTControlCharacters(line)
  return text.length < width ? line : `${text.slice(0, width - 2)}…`
}

type Numbers = Omit<ClientRecord, 'sent' | 'waits' | 'replays' | 'failedAt'>

interface Column {
  title: string
  of(client: Numbers): number | string
  /** The style of a number that is not zero. */
  color?: 'cyan' | 'yellow' | 'red'
  only?: 'now' | 'end'
}

const COLUMNS: readonly Column[] = [
  { title: 'requests', of: (client) => client.requests },
  { title: 'in flight', of: (client) => client.inFlight, only: 'now' },
  { title: 'waiting', of: (client) => client.waiting, color: 'cyan', only: 'now' },
  { title: 'waited', of: (client) => client.waited },
  { title: 'replayed', of: (client) => client.replayed, color: 'yellow' },
  { title: 'failed', of: (client) => client.failed, color: 'red' },
  {
    title: 'longest wait',
    of: ({ longestWaitMs: ms }) => (ms > 0 ? duration(ms) : '–'),
    only: 'end',
  },
]

function renderTable(record: RunRecord, colors: Colors, when: 'now' | 'end'): string[] {
  const columns = COLUMNS.filter(({ only = when }) => only === when)
  const row = (client: Numbers) =>
    client.name.padEnd(8) +
    columns
      .map(({ title, of, color }) => {
        const value = of(client)
        const text = `${value}`.padStart(widthOf(title))
        return color && value !== 0 ? colors[color](text) : text
      })
      .join('')
  const head =
    'client'.padEnd(8) + columns.map(({ title }) => title.padStart(widthOf(title))).join('')
  const all = when === 'end' ? [colors.bold(row(totals(record.clients)))] : []
  return [colors.dim(head), ...record.clients.map(row), ...all]
}

const widthOf = (title: string) => Math.max(11, title.length + 2)

function renderSummary(record: RunRecord, colors: Colors, server?: ServerCounts): string[] {
  const { requests, failed, replayed, longestWaitMs } = totals(record.clients)
  const wait = longestWaitMs > 0 ? `longest wait ${duration(longestWaitMs)}` : 'no request waited'
  const numbers = [
    plural(requests, 'request'),
    plural(failed, 'failure'),
    plural(replayed, 'replay'),
  ]
  return [
    `${sign(failed === 0, colors)} ${colors.bold([...numbers, wait].join(', '))}`,
    sessionLine(record, colors),
    ...(server ? [serverLine(record, server, colors)] : []),
  ]
}

function sessionLine(record: RunRecord, colors: Colors): string {
  const { signIns, renewals } = renewalCounts(record)
  if (signIns + renewals === 0) return '  an API token: no sign-in and no renewal'
  const got = `${plural(signIns, 'sign-in')} and ${plural(renewals, 'renewal')}`
  const lives = plural(record.tokens.length, 'token lifetime')
  const isOnce = signIns === 1 && renewals === record.tokens.length - 1
  return `${sign(isOnce, colors)} ${colors.bold(got)} for ${lives}, shared by all ${record.clients.length} clients`
}

/** The server's own count, and whether it agrees with the clients' counts. */
function serverLine(record: RunRecord, server: ServerCounts, colors: Colors): string {
  const { requests, replayed } = totals(record.clients)
  const { signIns, renewals } = renewalCounts(record)
  const others = server.requests - server.signIns - server.renewals
  const isSame =
    server.signIns === signIns && server.renewals === renewals && others === requests + replayed
  const text =
    `the server counted ${plural(server.signIns, 'sign-in')}, ${plural(server.renewals, 'renewal')}, ` +
    `${plural(others, 'request')}, ${server.unauthorized} answered 401`
  return `${sign(isSame, colors)} ${text}`
}

function sign(isGood: boolean, { green, yellow }: Colors): string {
  return isGood ? green('✓') : yellow('!')
}

const SHOWN_FAILURES = 5

function renderFailures({ failures }: RunRecord, { red }: Colors): string[] {
  if (failures.length === 0) return []
  const shown = failures
    .slice(0, SHOWN_FAILURES)
    .map(({ at, client, reason }) => `${red('✗')}${instant(at)}  ${client}: ${reason}`)
  const more = failures.length - shown.length
  return ['', ...shown, ...(more > 0 ? [`  and ${more} more`] : [])]
}
