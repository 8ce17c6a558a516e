import { memoryStore } from '@latchkey/core'
import { authorizedFetch } from '@latchkey/core/adapter'
import { describe, expect, test } from 'vitest'
import { failure, ORIGIN, printed, startBank } from './support/bank.ts'
import { CANARY, CANARY_BASE64 } from './support/power-auth-double.ts'

/** Whether a person can see a secret of a token, or the PIN, in `value`. */
function leaks(value: unknown): boolean {
  const output = printed(value)
  return [CANARY, CANARY_BASE64, encodeURIComponent(CANARY_BASE64)].some((one) =>
    output.includes(one),
  )
}

async function withToken() {
  const bank = startBank({ store: memoryStore() })
  const tokens = bank.open()
  await tokens.requestAccessToken('balance', 'possession_knowledge')
  return { bank, tokens, manager: tokens.token('balance') }
}

describe('no secret of a token shows', () => {
  test('in what a header holds', async () => {
    const { tokens } = await withToken()
    expect(leaks(await tokens.generateHeaderForToken('balance'))).toBe(false)
  })

  test('in the tokens, the manager, its token set and what it adds to a request', async () => {
    const { tokens, manager } = await withToken()
    const authorization = await manager.authorize({ url: `${ORIGIN}/x`, method: 'GET' })
    const all = [tokens, manager, await manager.getTokens(), authorization, authorization.headers]
    expect(all.map(leaks)).toEqual([false, false, false, false, false])
    expect(leaks(await tokens.getLocalToken('balance'))).toBe(false)
  })

  test('in events and explanations, from a 401 to the end', async () => {
    const { bank, manager } = await withToken()
    const events: unknown[] = []
    for (const name of ['renewed', 'renewalFailed', 'retried', 'signedOut'] as const) {
      manager.on(name, (event) => events.push(event))
    }
    bank.control.revoke()
    const send = authorizedFetch(manager, bank.double.fetch)
    const response = await send(`${ORIGIN}/balance`)
    await new Promise((resolve) => setImmediate(resolve))
    const error = await failure(send(`${ORIGIN}/balance`))
    expect(events.length).toBeGreaterThan(2)
    expect([events, manager.explain(response), error].map(leaks)).toEqual([false, false, false])
  })

  test('in the error of an unusable token', async () => {
    const bank = startBank({ createToken: () => ({ tokenId: CANARY, tokenSecret: CANARY }) })
    const error = await failure(bank.open().requestAccessToken('balance', 'possession'))
    expect(leaks(error)).toBe(false)
  })

  test('nor does a PIN, in the error of other factors', async () => {
    const { tokens } = await withToken()
    const withPin = { password: CANARY, biometricPrompt: {} } as never
    const error = await failure(tokens.requestAccessToken('balance', withPin))
    expect(error.code).toBe('ERR_AUTHENTICATION_DIFFERS')
    expect(leaks(error)).toBe(false)
  })

  test('in the name under which it is stored', async () => {
    const { bank } = await withToken()
    expect(bank).toBeDefined()
    const store = memoryStore()
    await bank.open({ store }).requestAccessToken('balance', 'possession')
    expect(await store.names?.()).toEqual(['powerauth/https%3A%2F%2Fbank.test/balance'])
  })
})
