import * as fc from 'fast-check'
import { type Answer, answers } from './server.ts'

const clients = [
  'fetch',
  'fetch of undici',
  'node-fetch',
  'ky',
  'axios, http',
  'axios, fetch',
] as const
const modes = ['foreign', 'fresh', 'awaited', 'dead'] as const
const bodies = [
  'none',
  'null',
  'text',
  'empty text',
  'buffer',
  'view into a buffer',
  'data view',
  'floats',
  'array buffer',
  'large buffer',
  'blob',
  'file',
  'form',
  'search parameters',
  'object',
  'form of node',
  'node stream',
  'web stream',
  'replayable stream',
] as const

type Client = (typeof clients)[number]
export type BodyKind = (typeof bodies)[number]

/** One call, as plain data: what a client is asked to do. */
export interface Call {
  client: Client
  mode: (typeof modes)[number]
  method: string | undefined
  answer: Answer
  query: string
  params: 'none' | 'object' | 'search parameters' | 'nested' | 'odd characters'
  body: BodyKind
  headers: Record<string, string>
  headersAs: 'record' | 'Headers' | 'entries'
  /** How the call is written, for fetch. */
  form:
    | 'url'
    | 'URL'
    | 'Request'
    | 'Request and options'
    | 'Request as options'
    | 'inherited'
    | 'getters'
  redirect: 'follow' | 'manual' | 'error' | undefined
  abort: 'never' | 'before' | 'at once'
  /** The body, the headers and the parameters change right after the call. */
  changes: boolean
  responseType: 'json' | 'text' | 'arraybuffer' | 'stream' | undefined
  /** Whether a bad status is an answer like others. */
  anyStatus: boolean
  /** Transforms, serializers and hooks of the caller, which are counted. */
  hooks: boolean
  timeout: number | undefined
}

const headerSets: Record<string, string>[] = [
  {},
  { 'x-own': '1' },
  { accept: 'text/plain', 'X-Case': 'Kept' },
  { 'content-type': 'application/x-own' },
  { authorization: 'Bearer mine' },
]

const written: fc.Arbitrary<Call> = fc.record({
  client: fc.constantFrom(...clients),
  mode: fc.constantFrom(...modes),
  method: fc.constantFrom(
    undefined,
    'get',
    'GET',
    'post',
    'POST',
    'put',
    'PATCH',
    'delete',
    'HEAD',
    'options',
  ),
  answer: fc.oneof(fc.constant<Answer>('json'), fc.constantFrom(...answers)),
  query: fc.constantFrom('', '?a=1', "?q=a b'c&d=%20é", '#part'),
  params: fc.constantFrom(
    'none',
    'none',
    'object',
    'search parameters',
    'nested',
    'odd characters',
  ),
  body: fc.oneof(fc.constantFrom<BodyKind>('none', 'text', 'object'), fc.constantFrom(...bodies)),
  headers: fc.constantFrom(...headerSets),
  headersAs: fc.constantFrom('record', 'Headers', 'entries'),
  form: fc.constantFrom(
    'url',
    'URL',
    'Request',
    'Request and options',
    'Request as options',
    'inherited',
    'getters',
  ),
  redirect: fc.constantFrom(undefined, undefined, 'follow', 'manual', 'error'),
  abort: fc.constantFrom('never', 'never', 'never', 'never', 'before', 'at once'),
  changes: fc.boolean(),
  responseType: fc.constantFrom(undefined, 'json', 'text', 'arraybuffer', 'stream'),
  anyStatus: fc.boolean(),
  hooks: fc.boolean(),
  timeout: fc.constantFrom(undefined, undefined, 0, 5_000),
})

/**
 * What ends the process by itself, or is never answered, bare too: node-fetch on aborts, odd redirects, and bodies that are
 * redirected; the fetch of Node and undici where it stops reading a Node stream, or a form.
 */
function cannotBeAsked({ client, abort, answer, body }: Call): boolean {
  if (client === 'node-fetch') {
    const isMoved = /redirect|loop/.test(answer)
    return abort !== 'never' || /user|ftp|broken|utf8/.test(answer) || (isMoved && body !== 'none')
  }
  if (client === 'axios, http') return false
  const isNodeStream = body === 'form of node' || body === 'node stream'
  if (body === 'form' && abort !== 'never') return true
  if (client === 'ky') return isNodeStream
  return isNodeStream && (abort !== 'never' || answer !== 'json')
}

export const anyCall = written.filter((call) => !cannotBeAsked(call))

/** What gives its body once: a dead token leaves its 401 to the caller. */
export function isGivenOnce({ client, body, form }: Call): boolean {
  const isFetch = !client.startsWith('axios') && client !== 'ky'
  if (isFetch && form === 'Request as options' && body !== 'none' && body !== 'null') return true
  return (
    body === 'node stream' ||
    body === 'web stream' ||
    (body === 'form of node' && client !== 'axios, http')
  )
}
