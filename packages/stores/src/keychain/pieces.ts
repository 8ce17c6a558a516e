import { createHash } from 'node:crypto'
import { StoreError } from '../store-error.ts'
import type { Credentials } from './keyring.ts'

/** Windows takes 2,560 bytes of UTF-16 in a credential. What is beside the text needs the rest. */
const PIECE_LENGTH = 1_150

/** More would take longer than a call may. */
const MOST_PIECES = 40

/** Where a text lies that is too long for one credential: in one of two slots, the next one in the other. */
interface Pieces {
  slot: 'a' | 'b'
  count: number
}

/**
 * The one credential that decides: what is stored is what it says. Its first line is the text itself,
 * or where its pieces are and their checksum, or empty. Its second line names pieces to be removed:
 * of a write that may not have come to its end, and of the text before.
 */
interface Head {
  body: string
  leftovers: Pieces[]
}

/**
 * The text at `account`, whole or not at all.
 *
 * @throws {StoreError} `ERR_STORE_GARBAGE` when its pieces do not make up what was stored.
 */
export async function readText(
  credentials: Credentials,
  account: string,
): Promise<string | undefined> {
  let head: string | undefined
  for (;;) {
    const latest = await credentials.get(account)
    if (latest === undefined) return undefined
    if (latest === head) throw torn()
    head = latest
    const text = await assemble(headOf(head).body, (name) => credentials.get(`${account}.${name}`))
    if (text !== undefined) return text === '' ? undefined : text
    // Another process may have written in the meantime: then the head has changed.
  }
}

/** The text that `body` stands for; `undefined` when pieces are missing or are not the right ones. */
export async function assemble(
  body: string,
  piece: (name: string) => string | undefined | Promise<string | undefined>,
): Promise<string | undefined> {
  const where = piecesOf(body)
  if (!where) return body
  let text = ''
  for (const name of piecesNames(where)) text += (await piece(name)) ?? ''
  return checksum(text) === body.split(' ').at(-1) ? text : undefined
}

/**
 * Stores `text`: whoever reads meanwhile, or after a crash at any point, finds the old or the new one.
 * One writer at a time.
 */
export async function writeText(
  credentials: Credentials,
  account: string,
  text: string,
): Promise<void> {
  const ascii = asciiOf(text)
  const before = headOf((await credentials.get(account)) ?? '')
  await removePieces(credentials, account, before.leftovers)
  const old = piecesOf(before.body)
  const leftovers = old ? [old] : []
  if (ascii.length <= PIECE_LENGTH) {
    await credentials.set(account, headText({ body: ascii, leftovers }))
  } else {
    const pieces = split(ascii)
    const slot = old?.slot === 'a' ? 'b' : 'a'
    const unfinished = { slot, count: pieces.length } as const
    await credentials.set(account, headText({ body: before.body, leftovers: [unfinished] }))
    for (const [at, piece] of pieces.entries()) {
      await credentials.set(`${account}.${slot}.${at}`, piece)
    }
    const body = `pieces ${slot} ${pieces.length} ${checksum(ascii)}`
    await credentials.set(account, headText({ body, leftovers }))
  }
  await removePieces(credentials, account, leftovers)
}

/** Removes the pieces before what names them: one that is interrupted leaves no session, and no secret unseen. */
export async function removeText(credentials: Credentials, account: string): Promise<void> {
  const head = await credentials.get(account)
  if (head === undefined) return
  const { body, leftovers } = headOf(head)
  const pieces = piecesOf(body)
  await removePieces(credentials, account, pieces ? [pieces, ...leftovers] : leftovers)
  await credentials.remove(account)
}

async function removePieces(credentials: Credentials, account: string, all: readonly Pieces[]) {
  for (const name of all.flatMap(piecesNames)) await credentials.remove(`${account}.${name}`)
}

export function headOf(text: string): Head {
  const [body = '', second = ''] = text.split('\n')
  return { body, leftovers: second.split(',').flatMap((one) => piecesOf(`pieces ${one}`) ?? []) }
}

function headText({ body, leftovers }: Head): string {
  if (leftovers.length === 0) return body
  return `${body}\n${leftovers.map(({ slot, count }) => `${slot} ${count}`).join(',')}`
}

function piecesOf(body: string): Pieces | undefined {
  const [, slot, count] = /^pieces ([ab]) (\d{1,2})(?: |$)/.exec(body) ?? []
  return slot === 'a' || slot === 'b' ? { slot, count: Number(count) } : undefined
}

const piecesNames = ({ slot, count }: Pieces): string[] =>
  Array.from({ length: count }, (_, at) => `${slot}.${at}`)

function split(text: string): string[] {
  const count = Math.ceil(text.length / PIECE_LENGTH)
  if (count > MOST_PIECES) throw tooLarge()
  return Array.from({ length: count }, (_, at) =>
    text.slice(at * PIECE_LENGTH, (at + 1) * PIECE_LENGTH),
  )
}

/** JSON with everything else escaped: a piece never ends within a character. */
function asciiOf(json: string): string {
  const escape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return json.replaceAll(/[\u0080-\uffff]/g, escape)
}

const checksum = (text: string) => createHash('sha256').update(text).digest('hex')

const torn = () =>
  new StoreError(
    'ERR_STORE_GARBAGE',
    'Pieces of the stored session are missing or do not belong together. Sign in again to replace it.',
  )

const tooLarge = () =>
  new StoreError(
    'ERR_STORE_TOO_LARGE',
    `A session of more than ${PIECE_LENGTH * MOST_PIECES} characters does not fit into the keychain. What was stored before is as it was.`,
  )
