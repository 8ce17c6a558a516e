import { inspect } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { GrantDeferredError, GrantRejectedError, memoryStore } from '../src/index.ts'
import { withoutSecrets } from '../src/errors.ts'
import { answer, authorize, failure, harness, next, recordEvents } from './support/harness.ts'

const CANARY = 'CANARY-7f3a-core'

/** Everything a person could print of `value`. */
function printed(value: unknown): string {
  const deep = { depth: Infinity, showHidden: true, getters: false } as const
  const parts = [inspect(value, deep), String(value), JSON.stringify(value) ?? '']
  if (value instanceof Error) parts.push(value.stack ?? '', printed(value.cause ?? ''))
  return parts.join('\n')
}

const axiosLikeError = () =>
  Object.assign(new Error(`Request failed for ${CANARY}`), {
    name: 'AxiosError',
    code: 'ERR_BAD_REQUEST',
    status: 500,
    config: { data: JSON.stringify({ password: CANARY }), headers: { 'xc-auth': CANARY } },
  })

describe('no secret shows', () => {
  it('in an authorization, a manager or an event', async () => {
    const { manager, scripted, events } = harness()
    scripted.answer(() => ({ accessToken: CANARY, refreshToken: `${CANARY}-r` }))
    const authorization = await authorize(manager)
    await manager.recover(authorization, answer(401))
    await manager.signOut()
    expect(printed(authorization)).not.toContain(CANARY)
    expect(printed(manager)).not.toContain(CANARY)
    expect(printed(events)).not.toContain(CANARY)
  })

  it("in the error of an unavailable renewal whose grant threw its client's own error", async () => {
    vi.useFakeTimers()
    const { manager, scripted } = harness()
    const events = recordEvents(manager)
    await manager.setTokens({ accessToken: CANARY, expiresAt: 1 })
    scripted.answer(axiosLikeError)
    const waiting = failure(manager.refresh())
    await vi.advanceTimersByTimeAsync(2_000)
    vi.useRealTimers()
    const error = await waiting
    expect(error.cause).toMatchObject({ name: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 500 })
    expect(printed(error)).not.toContain(CANARY)
    expect(printed(events)).not.toContain(CANARY)
  })

  it('in the error of a rejected renewal, also through the cause that the grant gave', async () => {
    const { manager, scripted } = harness()
    await manager.setTokens({ accessToken: CANARY })
    scripted.answer(() => new GrantRejectedError(`no ${CANARY}`, { cause: axiosLikeError() }))
    expect(printed(await failure(manager.refresh()))).not.toContain(CANARY)
  })

  it('in the error of a store that failed', async () => {
    const store = {
      ...memoryStore(),
      setToken: (tokens: unknown) => {
        throw new Error(`cannot write ${JSON.stringify(tokens)}`)
      },
    }
    const { manager, scripted, events } = harness({ store })
    scripted.answer(() => ({ accessToken: CANARY }))
    const failed = next(manager, 'storeFailed')
    await authorize(manager)
    await failed
    expect(events.storeFailed).toHaveLength(1)
    expect(printed(events)).not.toContain(CANARY)
  })
})

describe('an error of another library', () => {
  it('is shown with its message and code, and without its other properties', () => {
    const error = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED', port: 80 })
    const summary = withoutSecrets(error, [CANARY])
    expect(summary).toMatchObject({ message: 'connection refused', code: 'ECONNREFUSED' })
    expect(summary).not.toHaveProperty('port')
  })

  it('is shown as text if it is not an error', () => {
    expect(withoutSecrets(`oops ${CANARY}`, [CANARY])).toBe('oops [redacted]')
    expect(withoutSecrets(undefined, [])).toBe('undefined')
  })
})

describe('an error of a store that repeats what is stored', () => {
  const repeats = () => Promise.reject(new Error(`delete ${CANARY}`))

  it('shows no token when a sign-out or the lock fails', async () => {
    const stored = { accessToken: CANARY, refreshToken: `${CANARY}-r`, expiresAt: 1 }
    const store = {
      getToken: () => stored,
      setToken: () => {},
      removeToken: repeats,
      lock: repeats,
    }
    const { manager, events } = harness({ store })
    expect(printed(await failure(authorize(manager)))).not.toContain(CANARY)
    await manager.signOut()
    expect(events.storeFailed).toMatchObject([{ operation: 'remove' }])
    expect(printed(events)).not.toContain(CANARY)
  })
})

it('a grant that asks the user to act still does so if its error repeats a token', async () => {
  const { manager, scripted, events } = harness()
  await manager.setTokens({ accessToken: CANARY, expiresAt: 1 })
  scripted.answer(() => new GrantDeferredError(`accept the terms, ${CANARY}`))
  expect(await failure(authorize(manager))).toMatchObject({ code: 'ERR_USER_ACTION_REQUIRED' })
  expect(events.renewalFailed).toMatchObject([{ outcome: 'deferred' }])
  expect(printed(events)).not.toContain(CANARY)
})
