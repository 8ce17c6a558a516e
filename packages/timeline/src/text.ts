import pc from 'picocolors'
import type { Recording, RenewalEntry } from './entries.ts'
import {
  drawn,
  type Lane,
  type Picture,
  type PictureOptions,
  plain,
  type Session,
} from './picture.ts'
import { tickMs } from './ticks.ts'
import { duration, markText, outcomeOf, summary, waitersOf } from './wording.ts'

/** What the picture shows, its width and its colours. */
export interface TextOptions extends PictureOptions {
  /** Characters in a line, at least 40. Default: 80. */
  width?: number
  /** Whether to use the colours of a terminal. Default: false. */
  color?: boolean
}

type Colors = ReturnType<typeof pc.createColors>
type Paint = (text: string) => string

/** One row of characters. Later drawings cover earlier ones. */
interface Row {
  mark(at: number, glyph: string, paint: Paint): void
  /** Draws from the character of one instant to that of another, both included. */
  bar(from: number, to: number, glyph: string, paint: Paint): void
  text(): string
}

/** Assigns a column to each instant. */
interface Scale {
  columns: number
  columnOf(at: number): number
}

/**
 * Renders recordings as a picture in characters. Time runs from left to right, with a lane for each address and
 * one for the session. Below it, every renewal is listed with the requests that waited for it.
 */
export function renderText(
  recordings: readonly Recording[],
  { width = 80, color = false, ...options }: TextOptions = {},
): string {
  const colors = pc.createColors(color)
  const picture = drawn(recordings, options)
  const space = Math.max(40, width)
  const labels = picture.sessions.flatMap(({ lanes }) => lanes.map(labelOf))
  const longest = Math.max(...['session', ...labels].map((label) => label.length))
  const margin = Math.min(longest, Math.floor(space / 2)) + 2
  const scale = createScale(picture, space - margin)
  const lanes = picture.sessions.flatMap((session) => [
    ...renderSession(session, picture, { scale, margin, colors }),
    '',
  ])
  const lines = [
    `${new Date(picture.from).toISOString()}  ${summary(picture)}`,
    '',
    ' '.repeat(margin) + colors.dim(axis(picture, scale)),
    ...lanes,
    ...picture.sessions.flatMap((session) => renderLog(session, picture, colors)),
    legend(lanes, colors),
  ]
  return lines.map((line) => line.trimEnd()).join('\n')
}

interface Canvas {
  scale: Scale
  margin: number
  colors: Colors
}

function renderSession(
  session: Session,
  picture: Picture,
  { scale, margin, colors }: Canvas,
): string[] {
  const label = (text: string) => cut(text, margin - 2).padEnd(margin)
  const name = plain(session.name ?? 'session')
  return [
    colors.bold(label(name)) + sessionRow(session, scale, colors),
    ...session.lanes.map((lane) => label(labelOf(lane)) + laneRow(lane, picture, scale, colors)),
  ]
}

const labelOf = ({ label, requests }: Lane) =>
  requests.length > 1 ? `${label} ×${requests.length}` : label

/** Shortens an address in the middle, because its end says more. */
function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const head = Math.floor((width - 1) / 3)
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`
}

function laneRow({ requests }: Lane, { to: now }: Picture, scale: Scale, colors: Colors): string {
  const row = createRow(scale)
  const pieces = requests.flatMap((request) => request.pieces)
  for (const { kind, from, to } of pieces) {
    // A request that failed without an answer is not reported, so its bar does not reach until now.
    if (kind === 'flight') row.bar(from, to ?? from, '·', colors.green)
  }
  for (const { kind, from, to } of pieces) {
    if (kind === 'wait') row.bar(from, to ?? now, '▒', colors.cyan)
  }
  for (const { againAt, gaveUp } of requests) {
    if (againAt !== undefined) row.mark(againAt, '↻', colors.yellow)
    if (gaveUp) row.mark(gaveUp.at, '✗', colors.red)
  }
  return row.text()
}

function sessionRow({ renewals, marks }: Session, scale: Scale, colors: Colors): string {
  const row = createRow(scale)
  for (const { entry, from } of renewals) row.bar(from, entry.at, '─', colors.magenta)
  for (const { entry } of renewals) row.mark(entry.at, ...glyphs(colors)[entry.kind])
  for (const { at, kind } of marks) row.mark(at, ...glyphs(colors)[kind])
  return row.text()
}

/** The kinds of marks: the end of a renewal or of a session. */
type Marked = RenewalEntry['kind'] | Session['marks'][number]['kind']

const glyphs = (colors: Colors): Record<Marked, readonly [glyph: string, paint: Paint]> => ({
  renewed: ['▲', colors.magenta],
  renewalFailed: ['✗', colors.red],
  adopted: ['◆', colors.cyan],
  signedOut: ['■', colors.red],
  storeFailed: ['!', colors.yellow],
})

/** Lists each renewal with its waiting requests, and the ends of sessions, in order. */
function renderLog(
  { name, renewals, marks }: Session,
  { from }: Picture,
  colors: Colors,
): string[] {
  const log = [
    ...renewals.map((renewal) => {
      const text = `${plain(outcomeOf(renewal.entry))}; ${waitersOf(renewal)}`
      return { ...renewal.entry, text }
    }),
    ...marks.map((entry) => ({ ...entry, text: plain(markText(entry)) })),
  ].toSorted((one, other) => one.id - other.id)
  const whose = name === undefined ? '' : `${plain(name)}: `
  const lines = log.map(({ at, kind, text }) => {
    const [glyph, paint] = glyphs(colors)[kind]
    return `${colors.dim(duration(at - from).padStart(8))}  ${paint(glyph)} ${whose}${text}`
  })
  return lines.length === 0 ? [] : [...lines, '']
}

/** Returns the legend of the signs that are used. */
function legend(
  lines: readonly string[],
  { green, cyan, yellow, red, magenta, dim }: Colors,
): string {
  const signs: [glyph: string, paint: Paint, text: string][] = [
    ['·', green, 'on its way'],
    ['▒', cyan, 'waits for a token'],
    ['↻', yellow, 'sent again'],
    ['✗', red, 'failed'],
    ['▲', magenta, 'renewed'],
    ['◆', cyan, 'token from elsewhere'],
    ['■', red, 'signed out'],
    ['!', yellow, 'store failed'],
  ]
  return signs
    .filter(([glyph]) => lines.some((line) => line.includes(glyph)))
    .map(([glyph, paint, text]) => `${paint(glyph)} ${dim(text)}`)
    .join('  ')
}

function createScale({ from, to }: Picture, columns: number): Scale {
  const lengthMs = Math.max(1, to - from)
  const columnOf = (at: number) =>
    Math.max(0, Math.min(columns - 1, Math.floor(((at - from) / lengthMs) * columns)))
  return { columns, columnOf }
}

function createRow({ columns, columnOf }: Scale): Row {
  const cells = Array.from({ length: columns }, () => ' ')
  return {
    mark(at, glyph, paint) {
      cells[columnOf(at)] = paint(glyph)
    },
    bar(from, to, glyph, paint) {
      cells.fill(paint(glyph), columnOf(from), columnOf(to) + 1)
    },
    text: () => cells.join(''),
  }
}

/** Draws an axis such as `0 s──────1──────2`, with as many marks as fit. */
function axis({ from, to }: Picture, { columns, columnOf }: Scale): string {
  const cells = Array.from({ length: columns }, () => '─')
  const stepMs = tickMs(to - from, Math.floor(columns / 10))
  for (let ms = 0; ms <= to - from; ms += stepMs) {
    const text = duration(ms)
    const start = columnOf(from + ms)
    if (start + text.length <= columns) cells.splice(start, text.length, ...text.split(''))
  }
  return cells.join('')
}
