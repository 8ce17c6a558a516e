import { createColors } from 'picocolors'
import { instant, plural } from './format.ts'
import { type RunRecord, totals } from './record.ts'
import { renderLive, renderNote, renderReport, type ServerCounts } from './report.ts'
import type { Colors } from './timeline.ts'

/** Shows the demo to the user. */
export interface Screen {
  readonly colors: Colors
  /** Prints a line that stays, before or after the run. */
  say(line: string): void
  /** Shows the run while it goes on. Returns a function that stops this. */
  watch(record: RunRecord): () => void
  report(record: RunRecord, server?: ServerCounts): void
}

/** The part of `process.stdout` that the screen uses. */
export interface Output {
  isTTY?: boolean
  columns?: number
  rows?: number
  write(text: string): unknown
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

type Environment = Record<string, string | undefined>

const REDRAW_MS = 80
/** The number of lines of the table. */
const MIN_COLUMNS = 78
const MAX_COLUMNS = 120
const MIN_ROWS = 20
const control = { hideCursor: '\x1b[?25l', showCursor: '\x1b[?25h', clearDown: '\x1b[J' }

/** Redraws the picture in place if the terminal can do that; otherwise prints line after line. */
export function createScreen(output: Output, env: Environment): Screen {
  const colors = createColors(wantsColors(output, env))
  const say = (line: string) => void output.write(`${line}\n`)
  return {
    colors,
    say,
    watch: (record) =>
      canRedraw(output, env) ? watchLive(output, colors, record) : watchPlain(say, colors, record),
    report(record, server) {
      for (const line of renderReport(record, { width: widthOf(output), colors, server })) say(line)
    },
  }
}

/** See no-color.org and force-color.org. */
export function wantsColors(output: Output, env: Environment): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return output.isTTY === true && env['TERM'] !== 'dumb'
}

/** CI logs often pretend to be a terminal. */
export function canRedraw(output: Output, env: Environment): boolean {
  const { columns = 0, rows = 0 } = output
  const isRoomy = columns >= MIN_COLUMNS && rows >= MIN_ROWS
  return output.isTTY === true && isRoomy && env['TERM'] !== 'dumb' && !env['CI']
}

function widthOf({ columns = 100 }: Output): number {
  return Math.max(MIN_COLUMNS, Math.min(columns, MAX_COLUMNS))
}

function watchLive(output: Output, colors: Colors, record: RunRecord): () => void {
  let drawn = 0
  const up = () => (drawn > 0 ? `\x1b[${drawn}A\r` : '')
  const draw = () => {
    const height = (output.rows ?? MIN_ROWS) - 1
    const picture = renderLive(record, { width: widthOf(output), height }, colors)
    // Each line is overwritten and its rest cleared: clearing everything first would flicker.
    output.write(up() + picture.map((line) => `${line}\x1b[K\n`).join('') + control.clearDown)
    drawn = picture.length
  }
  // Lines that the terminal has wrapped anew cannot be found again.
  const startOver = () => {
    output.write('\x1b[2J\x1b[H')
    drawn = 0
  }
  const restore = () => void output.write(control.showCursor)
  output.write(control.hideCursor)
  output.on?.('resize', startOver)
  process.once('exit', restore)
  const timer = setInterval(draw, REDRAW_MS)
  draw()
  return () => {
    clearInterval(timer)
    output.off?.('resize', startOver)
    process.off('exit', restore)
    output.write(up() + control.clearDown + control.showCursor)
  }
}

/** One line for each second and for each thing that happens. */
function watchPlain(say: (line: string) => void, colors: Colors, record: RunRecord): () => void {
  say('')
  let shown = 0
  const sayNotes = () => {
    for (const note of record.notes.slice(shown)) say(`  ${renderNote(note, colors)}`)
    shown = record.notes.length
  }
  let second = 0
  const timer = setInterval(() => {
    sayNotes()
    if (record.now() < (second + 1) * 1000) return
    second = Math.floor(record.now() / 1000)
    say(`  ${colors.dim(instant(second * 1000))}  ${progress(record)}`)
  }, 50)
  return () => {
    clearInterval(timer)
    sayNotes()
  }
}

function progress({ clients }: RunRecord): string {
  const each = clients.map(({ name, requests }) => `${name} ${requests}`).join(', ')
  const { waiting, waited, replayed, failed } = totals(clients)
  const now = waiting > 0 ? `${waiting} waiting now, ` : ''
  return `${each} requests; ${now}${waited} waited, ${plural(replayed, 'replay')}, ${failed} failed`
}
