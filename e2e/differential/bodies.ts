import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { replayable } from '@latchkey/core'
import FormDataOfNode from 'form-data'
import type { BodyKind } from './call.ts'

/** A body, made anew for each run, and how its owner changes it afterwards. */
export interface Made {
  value: unknown
  change(): void
}

const TEXT = 'the body: é'
const fixed = (value: unknown): Made => ({ value, change: () => undefined })

export function makeBody(kind: BodyKind): Made {
  const bytes = Buffer.alloc(Buffer.byteLength(TEXT), TEXT) // not of the pool, whose other bytes axios may send
  const changing = (value: unknown): Made => ({ value, change: () => void bytes.fill(0) })
  if (kind === 'none') return fixed(undefined)
  if (kind === 'null') return fixed(null)
  if (kind === 'text') return fixed(TEXT)
  if (kind === 'empty text') return fixed('')
  if (kind === 'buffer') return changing(bytes)
  if (kind === 'view into a buffer') return changing(bytes.subarray(2, 6))
  if (kind === 'data view') return changing(new DataView(bytes.buffer, bytes.byteOffset, 4))
  if (kind === 'floats') return fixed(Float32Array.from([1.5, 2.5]))
  if (kind === 'array buffer') return fixed(new Uint8Array(bytes).buffer)
  if (kind === 'large buffer') return fixed(new Uint8Array(200_000).fill(7))
  if (kind === 'blob') return fixed(new Blob([TEXT], { type: 'text/own' }))
  if (kind === 'file') return fixed(new File([TEXT], 'a.txt'))
  if (kind === 'form') return makeForm()
  if (kind === 'search parameters') {
    const search = new URLSearchParams({ a: '1 é' })
    return { value: search, change: () => search.set('a', 'changed') }
  }
  if (kind === 'object') return fixed({ a: 1, b: ['é'] })
  if (kind === 'form of node') {
    const form = new FormDataOfNode()
    form.append('a', '1')
    form.append('b', bytes, { filename: 'b.bin' })
    return fixed(form)
  }
  if (kind === 'node stream') return fixed(Readable.from([TEXT]))
  if (kind === 'web stream') return fixed(new Blob([TEXT]).stream())
  return fixed(replayable(() => new Blob([TEXT]).stream()))
}

function makeForm(): Made {
  const form = new FormData()
  form.append('a', '1')
  form.append('file', new File([TEXT], 'a.txt'))
  return { value: form, change: () => form.set('a', 'changed') }
}
