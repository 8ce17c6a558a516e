/** The length of the pieces of a secret that are looked for. Shorter pieces are too much like ordinary words. */
const PIECE = 8
/** From this length on, a secret is looked for by its pieces. A shorter one is looked for as a whole. */
const IN_PIECES_FROM = 2 * PIECE
/** How many times a text is decoded, for example JSON within JSON within a form. */
const MAX_DEPTH = 3
/** Longer texts are cut, so that a long page from a server takes no time. */
const MAX_LENGTH = 10_000

const REDACTED = '[redacted]'

/**
 * Returns `text` without any of `secrets`, in whole or in part. It finds them as they are, and as written in JSON,
 * a form, a URL, HTML or base64, also nested.
 *
 * @group For adapters and services
 */
export function redact(text: string, secrets: readonly string[]): string {
  const pieces = piecesOf(secrets.flatMap((secret) => [secret, ...inBase64(secret)]))
  if (pieces.size === 0) return text
  const whole = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)} …` : text
  const isSecret = new Uint8Array(whole.length)
  for (const reading of readingsOf(whole)) mark(reading, pieces, isSecret)
  let told = ''
  for (let at = 0; at < whole.length; at += 1) {
    if (!isSecret[at]) told += whole[at]
    else if (!isSecret[at - 1]) told += REDACTED
  }
  return told
}

/** How many levels and how many parts of a value are read. The rest is left out. */
const MAX_LEVELS = 8
const MAX_PARTS = 1_000

/** Returns a copy of `value`, in the form JSON has it, with every text in it redacted. */
export function redactAll(value: unknown, secrets: readonly string[]): unknown {
  let left = MAX_PARTS
  const copy = (one: unknown, levels: number): unknown => {
    left -= 1
    if (left < 0 || levels < 0) return undefined
    if (typeof one === 'string') return redact(one, secrets)
    if (typeof one === 'number') return secrets.includes(`${one}`) ? REDACTED : one
    if (typeof one === 'boolean' || one === null) return one
    if (typeof one !== 'object') return undefined // JSON has no functions and no symbols
    if (Array.isArray(one)) return one.slice(0, MAX_PARTS).map((part) => copy(part, levels - 1))
    const entries = Object.entries(one).slice(0, MAX_PARTS)
    return Object.fromEntries(
      entries.map(([key, part]) => [redact(key, secrets), copy(part, levels - 1)]),
    )
  }
  return copy(value, MAX_LEVELS)
}

/**
 * Returns the texts that reveal a secret, by their length: each piece of a long secret, and a short one as a
 * whole.
 */
function piecesOf(secrets: readonly string[]): ReadonlyMap<number, ReadonlySet<string>> {
  const pieces = new Map<number, Set<string>>()
  for (const secret of secrets) {
    const length = secret.length < IN_PIECES_FROM ? secret.length : PIECE
    const known = pieces.get(length) ?? new Set()
    for (let at = 0; at + length <= secret.length; at += 1) known.add(secret.slice(at, at + length))
    if (length > 0) pieces.set(length, known)
  }
  return pieces
}

/** A text, as it is or decoded, with the position in the original of each character. */
interface Reading {
  text: string
  /** Has one entry more than there are characters: the end. */
  at: readonly number[]
}

const fromHex = (code: string) => String.fromCodePoint(Number.parseInt(code, 16))
const JSON_LETTERS: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const HTML_NAMES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}
/** One character of a URL, which is one to four bytes of UTF-8. */
const IN_URL =
  '%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}'

/** Every encoding of a character, and how to decode it. */
const SPELLINGS: readonly (readonly [RegExp, (spelt: string) => string])[] = [
  [
    /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[^ux])/gi,
    (spelt) =>
      spelt.length > 2 ? fromHex(spelt.slice(2)) : (JSON_LETTERS[spelt.slice(1)] ?? spelt.slice(1)),
  ],
  [new RegExp(IN_URL, 'gi'), decodeURIComponent],
  [new RegExp(`\\+|${IN_URL}`, 'gi'), (spelt) => (spelt === '+' ? ' ' : decodeURIComponent(spelt))],
  [
    /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos);/gi,
    (spelt) => {
      const name = spelt.slice(1, -1).toLowerCase()
      if (name.startsWith('#x')) return fromHex(name.slice(2))
      return HTML_NAMES[name] ?? String.fromCodePoint(Number(name.slice(1)))
    },
  ],
]

/** Returns `text` as it is, and decoded in each way, again and again. */
function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [{ text, at: Array.from({ length: text.length + 1 }, (_, at) => at) }]
  const known = new Set([text])
  let latest = readings
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    latest = latest.flatMap((reading) => SPELLINGS.map((spelling) => decode(reading, ...spelling)))
    latest = latest.filter((reading) => !known.has(reading.text) && known.add(reading.text))
    readings.push(...latest)
  }
  return readings
}

function decode({ text, at }: Reading, pattern: RegExp, read: (spelt: string) => string): Reading {
  let decoded = ''
  const starts: number[] = []
  const add = (piece: string, from: number, step: number) => {
    for (let n = 0; n < piece.length; n += 1) starts.push(at[from + n * step] ?? 0)
    decoded += piece
  }
  let done = 0
  for (const { 0: spelt, index } of text.matchAll(pattern)) {
    add(text.slice(done, index), done, 1)
    add(readOr(spelt, read), index, 0)
    done = index + spelt.length
  }
  add(text.slice(done), done, 1)
  return { text: decoded, at: [...starts, at[text.length] ?? 0] }
}

/** Decodes a character. Returns it unchanged if it is beyond Unicode. */
function readOr(spelt: string, read: (spelt: string) => string): string {
  try {
    return read(spelt)
  } catch {
    return '\uFFFD'
  }
}

/** Marks in the original which characters of a reading belong to a secret. */
function mark(
  { text, at }: Reading,
  pieces: ReadonlyMap<number, ReadonlySet<string>>,
  isSecret: Uint8Array,
): void {
  for (const [length, known] of pieces) {
    for (let from = 0; from + length <= text.length; from += 1) {
      if (!known.has(text.slice(from, from + length))) continue
      if (length <= 3 && isInWord(text, from, length)) continue
      isSecret.fill(1, at[from], at[from + length])
    }
  }
}

/** Returns whether a text as short as a word is inside a longer word. Then it is not a secret. */
const isInWord = (text: string, from: number, length: number) =>
  /\w/.test(text.charAt(from - 1)) || /\w/.test(text.charAt(from + length))

/**
 * Returns the three base64 forms of a secret inside a longer text, without the characters at both ends, which
 * vary.
 */
function inBase64(secret: string): string[] {
  if (secret.length < PIECE) return []
  const bytes = new TextEncoder().encode(secret)
  const spelled = [0, 1, 2].map((offset) => {
    const padded = [...Array.from({ length: offset }, () => 0), ...bytes]
    const text = btoa(padded.map((byte) => String.fromCharCode(byte)).join('')).replaceAll('=', '')
    const end = padded.length % 3 === 0 ? text.length : text.length - 1
    return text.slice(offset === 0 ? 0 : offset + 1, end)
  })
  return spelled.flatMap((one) => [one, one.replaceAll('+', '-').replaceAll('/', '_')])
}
