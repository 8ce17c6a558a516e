import type { createColors } from 'picocolors'
import type { ClientRecord, RunRecord, TokenRecord } from './record.ts'

export type Colors = ReturnType<typeof createColors>

type Paint = (text: string) => string

/** Draws into one row of characters; what is drawn later lies on top. */
interface Row {
  /** Starts at the character of that instant. */
  write(atMs: number, text: string, paint: Paint): void
  /** From the character of one instant to that of another, both included. */
  bar(fromMs: number, toMs: number, glyph: string, paint: Paint): void
  text(): string
}

/** Where each instant is drawn. */
interface Scale {
  columns: number
  columnOf(atMs: number): number
}

const LABEL_WIDTH = 10
/** A wider picture would not show more. */
const MIN_MS_PER_COLUMN = 90

/**
 * The run as a picture: time from left to right, one row for each client, one for the session, and
 * each token's lifetime as a bar. It can be drawn at any moment of the run; the future is blank.
 */
export function renderTimeline(record: RunRecord, width: number, colors: Colors): string[] {
  const now = record.endedAt ?? record.now()
  const lengthMs = record.endedAt ?? Math.max(record.plannedMs, now)
  const scale = createScale(lengthMs, width - LABEL_WIDTH)
  const [odd, even] = renderTokens(record, scale, now, colors)
  const label = (text: string) => colors.bold(text.padEnd(LABEL_WIDTH))
  return [
    ' '.repeat(LABEL_WIDTH) + renderAxis(scale, lengthMs, now, colors),
    ...record.clients.map(
      (client) => label(client.name) + renderClient(client, scale, now, colors),
    ),
    label('session') + renderSession(record, scale, now, colors),
    label('tokens') + odd,
    ' '.repeat(LABEL_WIDTH) + even,
  ].map((line) => line.trimEnd())
}

/** Explains the marks, in two lines. */
export function renderLegend(record: RunRecord, colors: Colors): string[] {
  const { dim, green, cyan, yellow, red, magenta } = colors
  const one = (sign: string, text: string) => `${sign} ${dim(text)}`
  const clients = [
    one(green('·'), 'requests'),
    one(cyan('▒'), 'waiting for a token'),
    one(yellow('↻'), 'replayed'),
    one(red('✗'), 'failed'),
  ]
  const session = [
    one(cyan('◆'), 'sign-in'),
    one(magenta('▲'), 'renewal'),
    ...(record.revokedAt.length > 0 ? [one(yellow('!'), 'revoked')] : []),
    one(magenta('━'), 'token in use'),
    dim('╌ still valid'),
  ]
  return [clients, session].map((line) => ' '.repeat(LABEL_WIDTH) + line.join('   '))
}

function createScale(lengthMs: number, available: number): Scale {
  const columns = Math.max(10, Math.min(available, Math.round(lengthMs / MIN_MS_PER_COLUMN)))
  const columnOf = (atMs: number) =>
    Math.max(0, Math.min(columns - 1, Math.floor((atMs / Math.max(1, lengthMs)) * columns)))
  return { columns, columnOf }
}

function createRow(scale: Scale): Row {
  const cells = Array.from({ length: scale.columns }, () => ' ')
  const bar: Row['bar'] = (fromMs, toMs, glyph, paint) => {
    for (let at = scale.columnOf(fromMs); at <= scale.columnOf(toMs); at += 1) {
      cells[at] = paint(glyph)
    }
  }
  const write: Row['write'] = (atMs, text, paint) => {
    const start = scale.columnOf(atMs)
    for (const [index, glyph] of Array.from(text).entries()) {
      if (start + index < scale.columns) cells[start + index] = paint(glyph)
    }
  }
  return { bar, write, text: () => cells.join('') }
}

/** As many seconds as fit: `0s──────1──────2`. The part that has passed is brighter. */
function renderAxis(scale: Scale, lengthMs: number, now: number, { dim }: Colors): string {
  const step = stepSeconds(lengthMs, scale.columns)
  const line = Array.from({ length: scale.columns }, () => '─')
  for (let second = 0; second * 1000 <= lengthMs; second += step) {
    const at = scale.columnOf(second * 1000)
    const text = second === 0 ? '0 s' : String(second)
    if (second > 0 && second * 1000 > lengthMs - 1) continue // its place is beyond the last character
    if (at + text.length > scale.columns) continue
    for (const [index, glyph] of Array.from(text).entries()) line[at + index] = glyph
  }
  const passed = scale.columnOf(now) + 1
  return line.slice(0, passed).join('') + dim(line.slice(passed).join(''))
}

function stepSeconds(lengthMs: number, columns: number): number {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600]
  const fits = (step: number) => (step * 1000 * columns) / lengthMs >= 6
  return steps.find(fits) ?? 600
}

function renderClient(client: ClientRecord, scale: Scale, now: number, colors: Colors): string {
  const row = createRow(scale)
  for (const { from, to } of client.sent) row.bar(from, to ?? now, '·', colors.green)
  for (const { from, to } of client.waits) row.bar(from, to ?? now, '▒', colors.cyan)
  for (const at of client.replays) row.write(at, '↻', colors.yellow)
  for (const at of client.failedAt) row.write(at, '✗', colors.red)
  return row.text()
}

function renderSession(record: RunRecord, scale: Scale, now: number, colors: Colors): string {
  const row = createRow(scale)
  for (const { kind, from, to, outcome } of record.renewals) {
    const paint = kind === 'sign-in' ? colors.cyan : colors.magenta
    row.bar(from, to ?? now, '─', paint)
    if (outcome === 'renewed') row.write(to ?? now, kind === 'sign-in' ? '◆' : '▲', paint)
    if (outcome === 'failed') row.write(to ?? now, '✗', colors.red)
  }
  for (const at of record.revokedAt) row.write(at, '!', colors.yellow)
  return row.text()
}

/** Two rows, because a token stays valid for a while after the next one is in use. */
function renderTokens(
  { tokens }: RunRecord,
  scale: Scale,
  now: number,
  colors: Colors,
): [odd: string, even: string] {
  const rows: [Row, Row] = [createRow(scale), createRow(scale)]
  for (const token of tokens) renderToken(token, rows[token.number % 2 === 1 ? 0 : 1], now, colors)
  return [rows[0].text(), rows[1].text()]
}

function renderToken(token: TokenRecord, row: Row, now: number, { dim, ...colors }: Colors): void {
  const { from, usedUntil = now, expiresAt = Infinity, revoked, number } = token
  const usedTo = Math.min(usedUntil, expiresAt, now)
  if (!revoked && expiresAt < Infinity) row.bar(usedTo, expiresAt, '╌', dim)
  row.bar(from, usedTo, '━', colors.magenta)
  row.write(from, String(number), colors.bold)
  if (revoked) row.write(usedTo, '!', colors.yellow)
}
