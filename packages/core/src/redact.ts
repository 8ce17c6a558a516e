/** Shorter pieces of a secret are words like others. */
const PIECE = 8

/**
 * `text` without any of `secrets`, however it may repeat them: as they are, or as in a form, a URL, JSON, HTML or base64;
 * whole, or cut at either end.
 *
 * @group For adapters and services
 */
export function redact(text: string, secrets: readonly string[]): string {
  const spelled = new Set(secrets.flatMap(spellingsOf).filter((spelling) => spelling !== ''))
  // The longest first: a user name may be part of the password. And whole ones before any piece.
  const sorted = [...spelled].toSorted((a, b) => b.length - a.length)
  const rest = sorted.reduce(withoutWhole, text)
  return withoutPieces(
    rest,
    sorted.filter(({ length }) => length >= 2 * PIECE),
  )
}

const REDACTED = '[redacted]'

/** What is as short as a word is redacted where it stands alone. */
function withoutWhole(text: string, secret: string): string {
  if (secret.length > 3) return text.replaceAll(secret, REDACTED)
  const literal = secret.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return text.replaceAll(new RegExp(`(?<![\\w])${literal}(?![\\w])`, 'g'), REDACTED)
}

/** A text that was cut may end with the beginning of a secret, or begin with its end. */
function withoutPieces(text: string, secrets: readonly string[]): string {
  let told = ''
  for (let at = 0; at < text.length; ) {
    const length = Math.max(0, ...secrets.map((secret) => pieceAt(text, at, secret)))
    told += length > 0 ? REDACTED : text[at]
    at += Math.max(1, length)
  }
  return told
}

/** How many characters at `at` are the beginning of `secret`, or its end; 0 for fewer than make a piece. */
function pieceAt(text: string, at: number, secret: string): number {
  let length = 0
  while (length < secret.length && text[at + length] === secret[length]) length += 1
  if (length >= PIECE) return length
  const piece = text.slice(at, at + PIECE)
  const from = piece.length === PIECE ? secret.indexOf(piece) : -1
  const isEnd = from >= 0 && text.startsWith(secret.slice(from), at)
  return isEnd ? secret.length - from : 0
}

function spellingsOf(secret: string): string[] {
  const inForm = new URLSearchParams([['', secret]]).toString().slice(1)
  const inUrl = inForm.replaceAll('+', '%20')
  const loose = inUrl.replaceAll(/%(2[1789A]|7E)/gi, decodeURIComponent)
  const inJson = JSON.stringify(secret).slice(1, -1)
  const inJsonTwice = JSON.stringify(inJson).slice(1, -1)
  const once = [
    secret,
    inJson,
    inJsonTwice,
    inForm,
    inUrl,
    loose,
    ...inHtml(secret),
    ...inHtml(inJson),
  ]
  return [...once, encodeURIComponent(inUrl), encodeURIComponent(loose), ...inBase64(secret)]
}

const HTML: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;', '&#38;', '&#x26;'],
  '<': ['&lt;', '&#60;', '&#x3C;'],
  '>': ['&gt;', '&#62;', '&#x3E;'],
  '"': ['&quot;', '&#34;', '&#x22;'],
  "'": ['&apos;', '&#39;', '&#x27;'],
}

/** Named, decimal and hexadecimal; most servers leave the apostrophe, or write it as a number among names. */
function inHtml(secret: string): string[] {
  const spell = (form: number, apostrophe: number | undefined) =>
    secret.replaceAll(/[&<>"']/g, (char) => {
      const at = char === "'" ? apostrophe : form
      return at === undefined ? char : (HTML[char]?.[at] ?? char)
    })
  const spelled = [0, 1, 2].flatMap((form) => [0, 1, 2, undefined].map((at) => spell(form, at)))
  return spelled.flatMap((one) => [
    one,
    one.replaceAll(/&#x[\dA-F]+;/g, (code) => code.toLowerCase()),
  ])
}

/** As part of a longer text it is spelled in one of three ways, of which the characters at both ends tell nothing. */
function inBase64(secret: string): string[] {
  if (secret.length < PIECE) return []
  const bytes = new TextEncoder().encode(secret)
  const spelled = [0, 1, 2].map((offset) => {
    const padded = Uint8Array.from([...Array.from({ length: offset }, () => 0), ...bytes])
    const text = btoa(String.fromCharCode(...padded)).replaceAll('=', '')
    const end = padded.length % 3 === 0 ? text.length : text.length - 1
    return text.slice(offset === 0 ? 0 : offset + 1, end)
  })
  return spelled.flatMap((one) => [one, one.replaceAll('+', '-').replaceAll('/', '_')])
}
