import type { Recording } from './entries.ts'
import { escaped, STYLE } from './markup.ts'
import {
  drawn,
  type Lane,
  type Picture,
  type PictureOptions,
  type Piece,
  type RequestSpan,
  type Session,
} from './picture.ts'
import { tickMs } from './ticks.ts'
import { duration, markText, outcomeOf, summary, waitersOf } from './wording.ts'

/** What the SVG shows, and its width. */
export interface SvgOptions extends PictureOptions {
  /** In CSS pixels, at least 320. Default: 960. The height depends on the contents. */
  width?: number
}

/** The most rows of requests in one lane. Further requests overlap. */
const MAX_ROWS = 6
const ROW_HEIGHT = 9
const LANE_GAP = 9
const SESSION_HEIGHT = 26
const MARGIN = 12
const TOP = 52
const LEGEND_HEIGHT = 30
/** The width of a character in the font, in pixels. Labels that are too long are cut. */
const CHARACTER_WIDTH = 7.3

interface Canvas {
  picture: Picture
  /** The pixels of the first and the last instant. */
  left: number
  right: number
  x(at: number): number
}

/** A part of the drawing, and its height. */
interface Block {
  height: number
  draw(y: number): string
}

/**
 * Renders recordings as an SVG document with one time axis: a lane for each address with its requests, and a line
 * through all lanes where a renewal ended.
 */
export function renderSvg(
  recordings: readonly Recording[],
  { width = 960, ...options }: SvgOptions = {},
): string {
  const picture = drawn(recordings, options)
  const canvas = createCanvas(picture, Math.max(320, width))
  const blocks = picture.sessions.flatMap((session) => [
    sessionBlock(session, canvas),
    ...session.lanes.map((lane) => laneBlock(lane, canvas)),
  ])
  const bottom = blocks.reduce((y, { height }) => y + height, TOP)
  const size = { width: canvas.right + MARGIN, height: bottom + LEGEND_HEIGHT }
  const box = `width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}"`
  let y = TOP
  const rows = blocks.map(({ height, draw }) => {
    y += height
    return draw(y - height)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="latchkey" role="img" ${box}>`,
    `<title>${escaped(summary(picture))}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="100%" height="100%"/>`,
    `<text x="${MARGIN}" y="20" class="bold">${escaped(summary(picture))}</text>`,
    ...ticks(canvas, bottom),
    ...guides(canvas, bottom),
    '<g class="lanes">',
    ...rows,
    '</g>',
    legend(bottom + 20),
    '</svg>',
    '',
  ].join('\n')
}

function createCanvas(picture: Picture, width: number): Canvas {
  const labels = picture.sessions.flatMap(({ name = 'session', lanes }) => [
    name,
    ...lanes.map(({ label }) => label),
  ])
  const longest = Math.max(...labels.map((label) => label.length)) * CHARACTER_WIDTH
  const left = Math.round(MARGIN * 2 + Math.min(longest, width / 3))
  const right = width - MARGIN
  const lengthMs = Math.max(1, picture.to - picture.from)
  const share = (at: number) => Math.max(0, Math.min(1, (at - picture.from) / lengthMs))
  const x = (at: number) => round(left + share(at) * (right - left))
  return { picture, left, right, x }
}

const round = (value: number) => Math.round(value * 10) / 10

function ticks({ picture: { from, to }, left, right, x }: Canvas, bottom: number): string[] {
  const stepMs = tickMs(to - from, Math.floor((right - left) / 80))
  const count = Math.floor((to - from) / stepMs) + 1
  return Array.from({ length: count }, (_, index) => {
    const at = x(from + index * stepMs)
    const isCut = at > right - 40
    const text = isCut
      ? ''
      : `<text x="${at}" y="42" class="faint">${duration(index * stepMs)}</text>`
    return `<line class="line" x1="${at}" x2="${at}" y1="46" y2="${bottom}"/>${text}`
  })
}

/** Draws lines through all lanes and sessions, which show the requests that waited for a renewal. */
function guides({ picture, x }: Canvas, bottom: number): string[] {
  const renewed = picture.sessions.flatMap(({ renewals }) => renewals)
  return renewed
    .filter(({ entry }) => entry.kind === 'renewed')
    .map(({ entry: { at } }) => {
      const place = `x1="${x(at)}" x2="${x(at)}" y1="46" y2="${bottom}"`
      return `<line class="guide" stroke-dasharray="4 3" ${place}/>`
    })
}

function labelText(text: string, y: number, left: number, kind: string): string {
  const most = Math.floor((left - MARGIN * 2) / CHARACTER_WIDTH) + 1
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text
  return `<text x="${MARGIN}" y="${y}" class="${kind}">${escaped(shown)}</text>`
}

function sessionBlock({ name = 'session', renewals, marks }: Session, canvas: Canvas): Block {
  const { left, right, x } = canvas
  return {
    height: SESSION_HEIGHT,
    draw(y) {
      const middle = y + 12
      const line = `<line class="line" x1="${left}" x2="${right}" y1="${middle}" y2="${middle}"/>`
      const bars = renewals.map((renewal) => {
        const { entry, from } = renewal
        const text = `${outcomeOf(entry)}; ${waitersOf(renewal)}`
        const width = Math.max(3, round(x(entry.at) - x(from)))
        const place = `x="${round(x(entry.at) - width)}" y="${middle - 5}" width="${width}" height="10"`
        return `<rect class="${entry.kind}" rx="3" ${place}>${tooltip(text)}</rect>`
      })
      const signs = marks.map((entry) => {
        const place = `cx="${x(entry.at)}" cy="${middle}" r="5"`
        return `<circle class="${entry.kind}" ${place}>${tooltip(markText(entry))}</circle>`
      })
      return [line, labelText(name, y + 16, left, 'bold'), ...bars, ...signs].join('\n')
    },
  }
}

const tooltip = (text: string) => `<title>${escaped(text)}</title>`

function laneBlock({ label, requests }: Lane, canvas: Canvas): Block {
  const rows = packed(requests, canvas.picture.to)
  return {
    height: Math.max(14, Math.max(0, ...rows.values(), 0) * ROW_HEIGHT + ROW_HEIGHT) + LANE_GAP,
    draw(y) {
      const spans = requests.map((request) =>
        drawRequest(request, y + (rows.get(request) ?? 0) * ROW_HEIGHT, canvas),
      )
      return [labelText(label, y + 9, canvas.left, ''), ...spans].join('\n')
    },
  }
}

/** Assigns a row to each request, so that requests at the same time are in different rows. */
function packed(requests: readonly RequestSpan[], now: number): Map<RequestSpan, number> {
  const busyUntil: number[] = []
  const rows = new Map<RequestSpan, number>()
  for (const request of requests) {
    const from = Math.min(now, ...request.pieces.map((piece) => piece.from))
    const to = Math.max(from, ...request.pieces.map((piece) => piece.to ?? endOf(piece, now)))
    const free = busyUntil.findIndex((until) => until < from)
    const row = free === -1 ? Math.min(busyUntil.length, MAX_ROWS - 1) : free
    busyUntil[row] = Math.max(busyUntil[row] ?? 0, to)
    rows.set(request, row)
  }
  return rows
}

/**
 * Returns the end of a piece. A request that failed without an answer is not reported, so its bar does not reach
 * until now.
 */
const endOf = ({ kind, from }: Piece, now: number) => (kind === 'wait' ? now : from)

function drawRequest(span: RequestSpan, y: number, canvas: Canvas): string {
  const { request, pieces, gaveUp } = span
  const { picture, x } = canvas
  const bars = pieces.map((piece) => {
    const { kind, from, to = endOf(piece, picture.to), status, attempt } = piece
    const width = Math.max(2, round(x(to) - x(from)))
    const what = kind === 'wait' ? 'waits for a token' : `sent${attempt > 1 ? ' again' : ''}`
    const end = status === undefined ? '' : `, ${status}`
    const text = `${request}: ${what}, ${duration(to - from)}${end}`
    const place = `x="${x(from)}" y="${y}" width="${width}" height="${ROW_HEIGHT - 2}"`
    return `<rect class="${styleOf(piece, span)}" ${place}>${tooltip(text)}</rect>`
  })
  if (!gaveUp) return bars.join('')
  const text = tooltip(`${request}: gave up, ${gaveUp.code ?? 'refused'}`)
  const place = `cx="${x(gaveUp.at)}" cy="${y + 3.5}" r="4"`
  return `${bars.join('')}<circle class="gaveUp" ${place}>${text}</circle>`
}

/** Returns the style of a piece. An answer before a replay is drawn as a rejection, whatever its status. */
function styleOf({ kind, status, attempt }: Piece, { againAt }: RequestSpan): string {
  if (kind === 'wait') return 'wait'
  if (status === 401 || (attempt === 1 && againAt !== undefined)) return 'refused'
  return attempt > 1 ? 'again' : 'flight'
}

const LEGEND = [
  ['flight', 'on its way'],
  ['refused', 'token refused'],
  ['wait', 'waits for a token'],
  ['again', 'sent again'],
  ['renewed', 'renewal'],
  ['adopted', 'token from elsewhere'],
  ['gaveUp', 'failed, or signed out'],
] as const

function legend(y: number): string {
  let x = MARGIN
  return LEGEND.map(([kind, text]) => {
    const sign = `<rect class="${kind}" x="${x}" y="${y - 8}" width="10" height="8"/>`
    const words = `<text x="${x + 15}" y="${y}" class="faint">${text}</text>`
    x = round(x + 30 + text.length * CHARACTER_WIDTH)
    return sign + words
  }).join('\n')
}
