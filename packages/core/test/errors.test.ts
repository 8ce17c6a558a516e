import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { GrantRejectedError, isRejection, LatchkeyError, withoutSecrets } from '../src/errors.ts'
import { Events } from '../src/events.ts'
import { createExplanations } from '../src/kernel/explanations.ts'
import { freshToken, grantUnavailable, oneShotBody, permanentToken } from '../src/texts.ts'

describe('an error of ours', () => {
  it('has retryAfterMs only if the server sent it', () => {
    const told = new LatchkeyError('ERR_RENEWAL_UNAVAILABLE', 'later', { retryAfterMs: 5 })
    expect(told.retryAfterMs).toBe(5)
    const untold = new LatchkeyError('ERR_RENEWAL_UNAVAILABLE', 'later', {
      retryAfterMs: undefined,
    })
    expect(Object.keys(untold)).not.toContain('retryAfterMs')
  })

  it('has a cause only when it was given one', () => {
    expect('cause' in new LatchkeyError('ERR_DISPOSED', 'gone')).toBe(false)
    const cause = new Error('why')
    expect(new LatchkeyError('ERR_DISPOSED', 'gone', { cause }).cause).toEqual(cause)
  })
})

describe('an error that becomes a cause', () => {
  const dirty = (more: object) => Object.assign(new Error('dirty'), { config: {} }, more)

  it('is replaced by a summary if it is another library’s, and a summary stays as it is', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { port: 80 })
    const summary = withoutSecrets(error, ['secret']) as Error
    expect(summary).not.toBe(error)
    expect(summary).not.toHaveProperty('port')
    expect([summary.message, (summary.cause as Error).message]).toEqual(['outer', 'inner'])
    expect(withoutSecrets(summary, ['secret'])).toBe(summary)
  })

  it('stays the same object if it is ours, its cause included', () => {
    const ours = new LatchkeyError('ERR_DISPOSED', 'gone', { cause: new Error('why') })
    expect(withoutSecrets(ours, ['secret'])).toBe(ours)
    expect(withoutSecrets(ours, ['gone'])).toMatchObject({ message: '[redacted]' })
  })

  it('keeps a summary of each of several errors', () => {
    const several = new AggregateError([dirty({ config: { password: 'secret' } })], 'all failed')
    const summary = withoutSecrets(several, ['secret']) as AggregateError
    expect(summary.errors).toMatchObject([{ message: 'dirty' }])
    expect(summary.errors[0]).not.toHaveProperty('config')
    expect(withoutSecrets(summary, ['secret'])).toBe(summary)
  })

  it('keeps its message if it comes from another realm, but a thrown object is never shown', () => {
    const foreign: unknown = runInNewContext(
      `Object.assign(new TypeError('fetch failed: secret'), { code: 'ECONNRESET' })`,
    )
    expect(foreign).not.toBeInstanceOf(Error)
    const { message, code } = withoutSecrets(foreign, ['secret']) as Error & { code: unknown }
    expect([message, code]).toEqual(['fetch failed: [redacted]', 'ECONNRESET'])
    const thrown = Object.assign(Object.create(null), { password: 'secret' })
    expect(grantUnavailable('x', thrown, []).message).toContain('An object was thrown.')
  })

  it('keeps no code that repeats a secret, or is not a word', () => {
    expect(withoutSecrets(dirty({ code: 'E_secret' }), ['secret'])).not.toHaveProperty('code')
    expect(withoutSecrets(dirty({ code: 'select * from' }), [])).not.toHaveProperty('code')
  })

  it('is a summary when its cause holds objects, and so is that cause', () => {
    const inner = dirty({ code: 'ECONNRESET', status: 502 })
    const summary = withoutSecrets(new Error('outer', { cause: inner }), []) as Error
    expect(summary.message).toBe('outer')
    expect(summary.cause).not.toBe(inner)
    expect(summary.cause).toMatchObject({ message: 'dirty', code: 'ECONNRESET', status: 502 })
    expect(summary.cause).not.toHaveProperty('config')
  })

  it('is a summary when one of its values is an object, and the others are not', () => {
    const summary = withoutSecrets(dirty({ port: 80 }), [])
    expect(summary).not.toHaveProperty('config')
    expect('cause' in (summary as Error)).toBe(false)
  })

  it('keeps only a code that is text and a status that is a number', () => {
    const summary = withoutSecrets(dirty({ code: { secret: 1 }, status: 'secret' }), [])
    expect(Object.keys(summary as Error)).toEqual([])
  })

  it('ends where its causes go in a circle, and keeps three of them', () => {
    const error = new Error('round')
    error.cause = error
    let depth = 0
    for (let at = withoutSecrets(error, []); at instanceof Error; at = at.cause) depth += 1
    expect(depth).toBe(4)
  })
})

describe('an error of ours that a grant, a scheme or a store has added to', () => {
  class Printing extends GrantRejectedError {
    toJSON() {
      return 'secret'
    }
  }
  class Named extends GrantRejectedError {
    get [Symbol.toStringTag]() {
      return 'secret'
    }
  }
  const inspecting = { [Symbol.for('nodejs.util.inspect.custom')]: () => 'secret' }

  it.each([
    ['a symbol', Object.assign(new GrantRejectedError('no'), { [Symbol('s')]: 'secret' })],
    ['a property', Object.assign(new GrantRejectedError('no'), { statement: 'secret' })],
    ['its own way to print', Object.assign(new GrantRejectedError('no'), inspecting)],
    ['its own JSON', new Printing('no')],
    ['a name of its kind', new Named('no')],
    ['a code', new GrantRejectedError('no', { code: 'secret' })],
    ['a body', new GrantRejectedError('no', { body: { a: ['secret'] } })],
    ['a body that has no JSON', new GrantRejectedError('no', { body: [1n, 'secret'] })],
  ])('stays one of the same kind, without the secret in %s', (_, error) => {
    const safe = withoutSecrets(error, ['secret'])
    expect(inspect(safe, { depth: null }) + JSON.stringify(safe)).not.toContain('secret')
    expect([isRejection(safe), safe]).toEqual([true, expect.objectContaining({ message: 'no' })])
  })
})

describe('an error whose parts are not what they should be', () => {
  const failing = (name: string) =>
    Object.defineProperty(new Error('secret'), name, {
      get() {
        throw new Error('secret')
      },
    })

  it.each([
    ['a message that is an object', Object.assign(new Error('a'), { message: { a: 'secret' } })],
    ['no message', Object.assign(new Error('a'), { message: undefined })],
    ['a stack that is a list', Object.assign(new Error('a'), { stack: ['secret'] })],
    ['a message that cannot be read', failing('message')],
    ['a cause that cannot be read', failing('cause')],
  ])('such as %s, has a summary too', (_, error) => {
    const { message, cause } = grantUnavailable('x', error, ['secret'])
    expect(message).toContain('"x" is unavailable')
    expect(inspect([message, cause])).not.toContain('secret')
  })
})

describe('the reason behind a response', () => {
  const reason = new LatchkeyError('ERR_FRESH_TOKEN_REJECTED', 'why')
  const nested = (levels: number): object => {
    let subject: object = reason
    for (let n = 0; n < levels; n += 1) subject = { cause: subject }
    return subject
  }

  it('is found for the view and for the client’s own response', () => {
    const { add, find } = createExplanations()
    const original = {}
    const view = { original } as never
    add(view, reason)
    for (const subject of [view, original, { response: original }]) {
      expect(find(subject)).toBe(reason)
    }
  })

  it('is kept also where the client has no response of its own', () => {
    const { add, find } = createExplanations()
    const view = { original: undefined } as never
    add(view, reason)
    expect(find(view)).toBe(reason)
  })

  it.each([null, undefined, 'text', 5, { response: null }, { response: 'text' }, { cause: null }])(
    'is undefined for %j',
    (subject) => expect(createExplanations().find(subject)).toBeUndefined(),
  )

  it('is looked for eight causes deep, so that a circle ends', () => {
    const { find } = createExplanations()
    expect(find(nested(7))).toBe(reason)
    expect(find(nested(8))).toBeUndefined()
    const circle: { cause?: object } = {}
    circle.cause = { cause: circle }
    expect(find(circle)).toBeUndefined()
  })

  it.each([
    ['an API token', permanentToken(), /API token.*Create a new one/],
    ['a fresh token', freshToken(), /just been renewed.*Check that the user has the permission/],
    ['a stream', oneShotBody(), /read only once.*replayable\(/],
  ] as const)('of %s tells what to do', (_, { message }, words) => {
    expect(message).toMatch(words)
  })
})

describe('an event', () => {
  const event = { at: 0, reason: 'signOut' } as const

  it('without a listener changes nothing', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    new Events().emit('signedOut', event)
    expect(said).not.toHaveBeenCalled()
    said.mockRestore()
  })

  it('is named on the console when one of its listeners fails', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const events = new Events()
    const bug = new Error('bug')
    events.on('signedOut', () => {
      throw bug
    })
    events.emit('signedOut', event)
    expect(said).toHaveBeenCalledWith('Latchkey: a listener of "signedOut" failed:', bug)
    said.mockRestore()
  })
})
