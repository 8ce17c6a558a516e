import { memoryStore, type TokenStore } from '@latchkey/core'
import { describe, expect, test } from 'vitest'
import { factorsOf } from '../src/authentication.ts'
import { failure, ORIGIN, settled, startBank } from './support/bank.ts'

/** A `createToken` that waits until the test answers. */
function heldCreation(bank: ReturnType<typeof startBank>) {
  const calls: { name: string; signal: AbortSignal; resolve(): void; reject(e: Error): void }[] = []
  const createToken = (name: string, _: unknown, { signal }: { signal: AbortSignal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.push({ name, signal, resolve, reject })
    const { id } = bank.activation
    return promise.then(() => bank.control.createToken(id))
  }
  return { calls, createToken }
}

describe('a token', () => {
  test('is created once, and local from then on', async () => {
    const bank = startBank()
    const tokens = bank.open()
    expect(await tokens.hasLocalToken('balance')).toBe(false)
    const created = await tokens.requestAccessToken('balance', 'possession')
    expect(await tokens.requestAccessToken('balance', 'possession')).toEqual(created)
    expect(await tokens.getLocalToken('balance')).toEqual(created)
    expect(await tokens.hasLocalToken('balance')).toBe(true)
    expect(created.tokenName).toBe('balance')
    expect(bank.requested).toEqual(['balance'])
  })

  test('that is missing cannot be read or used to sign', async () => {
    const tokens = startBank().open()
    const code = 'ERR_TOKEN_NOT_AVAILABLE'
    expect(await failure(tokens.getLocalToken('balance'))).toMatchObject({ code })
    expect(await failure(tokens.generateHeaderForToken('balance'))).toMatchObject({ code })
    expect(await failure(tokens.removeAccessToken('balance'))).toMatchObject({ code })
  })

  test('signs a header that the server accepts, once', async () => {
    const bank = startBank()
    const tokens = bank.open()
    await tokens.requestAccessToken('balance', 'possession')
    const { key, value } = await tokens.generateHeaderForToken('balance')
    const send = () => bank.double.fetch(`${ORIGIN}/balance`, { headers: { [key]: value } })
    expect([(await send()).status, (await send()).status]).toEqual([200, 401])
    expect(bank.control.refusals).toEqual(['ERR0024 replay'])
  })

  test.each(['3.0', '3.1', '3.2', '3.3'] as const)('signs in version %s', async (version) => {
    const bank = startBank({ version })
    const tokens = bank.open()
    await tokens.requestAccessToken('balance', 'possession')
    const { key, value } = await tokens.generateHeaderForToken('balance')
    const response = await bank.double.fetch(`${ORIGIN}/balance`, { headers: { [key]: value } })
    expect(response.status).toBe(200)
  })

  test('outlives the process in its store', async () => {
    const bank = startBank({ store: memoryStore() })
    await bank.open().requestAccessToken('balance', 'possession')
    expect(await bank.open().hasLocalToken('balance')).toBe(true)
    const { value } = await bank.open().generateHeaderForToken('balance')
    expect(value).toContain('version="3.3"')
  })

  const tokenId = 'd6561669-34d6-4fee-8913-89477687a5cb'
  const tokenSecret = 'AAAAAAAAAAAAAAAAAAAAAA=='
  test.each([
    ['no id', { tokenSecret }],
    ['an id that is not a UUID', { tokenId: 'x', tokenSecret }],
    ['no secret', { tokenId }],
    ['a secret of 32 bytes', { tokenId, tokenSecret: Buffer.alloc(32).toString('base64') }],
    ['a secret in Base64url', { tokenId, tokenSecret: '_____________________w==' }],
  ])('with %s is not kept', async (_, wrong) => {
    const tokens = startBank({ createToken: () => wrong as never }).open()
    const error = await failure(tokens.requestAccessToken('balance', 'possession'))
    expect(error.code).toBe('ERR_UNUSABLE_TOKEN')
    expect(await tokens.hasLocalToken('balance')).toBe(false)
  })
})

describe('parallel requests', () => {
  test('for one name share one creation, those for another have their own', async () => {
    const bank = startBank()
    const tokens = bank.open()
    const names = ['balance', 'balance', 'cards', 'balance', 'cards']
    const all = await Promise.all(
      names.map((name) => tokens.requestAccessToken(name, 'possession')),
    )
    expect(bank.requested.toSorted()).toEqual(['balance', 'cards'])
    expect(new Set(all.map(({ tokenIdentifier }) => tokenIdentifier)).size).toBe(2)
  })

  test('that abort get their own reason, and the creation continues for the others', async () => {
    const bank = startBank()
    const { calls, createToken } = heldCreation(bank)
    const tokens = bank.open({ createToken })
    const controller = new AbortController()
    const { signal } = controller
    const leaving = failure(tokens.requestAccessToken('balance', 'possession', { signal }))
    const staying = tokens.requestAccessToken('balance', 'possession')
    await settled()
    controller.abort(new Error('my own reason'))
    expect((await leaving).message).toBe('my own reason')
    expect(calls[0]?.signal.aborted).toBe(false)
    calls[0]?.resolve()
    expect((await staying).tokenName).toBe('balance')
    expect(calls).toHaveLength(1)
    expect(calls[0]?.signal.aborted).toBe(false)
  })

  test('that all abort end the creation, and nothing is kept', async () => {
    const bank = startBank()
    const { calls, createToken } = heldCreation(bank)
    const tokens = bank.open({ createToken })
    const controllers = [new AbortController(), new AbortController()]
    const all = controllers.map(({ signal }) =>
      failure(tokens.requestAccessToken('balance', 'possession', { signal })),
    )
    await settled()
    for (const controller of controllers) controller.abort()
    await Promise.all(all)
    expect(calls[0]?.signal.aborted).toBe(true)
    calls[0]?.resolve()
    await settled()
    expect(await tokens.hasLocalToken('balance')).toBe(false)
  })

  test('with an aborted signal send nothing', async () => {
    const bank = startBank()
    const signal = AbortSignal.abort()
    await failure(bank.open().requestAccessToken('balance', 'possession', { signal }))
    expect(bank.requested).toEqual([])
  })

  test('share a failure, and the next request tries again', async () => {
    const bank = startBank()
    const { calls, createToken } = heldCreation(bank)
    const tokens = bank.open({ createToken })
    const both = [1, 2].map(() => failure(tokens.requestAccessToken('balance', 'possession')))
    await settled()
    const lost = new Error('network lost')
    calls[0]?.reject(lost)
    expect(await Promise.all(both)).toEqual([lost, lost])
    const again = tokens.requestAccessToken('balance', 'possession')
    await settled()
    calls[1]?.resolve()
    expect((await again).tokenName).toBe('balance')
  })
})

describe('another authentication for the same name', () => {
  const code = 'ERR_AUTHENTICATION_DIFFERS'

  test('is an error while the token is local', async () => {
    const bank = startBank()
    const tokens = bank.open()
    await tokens.requestAccessToken('balance', 'possession')
    const error = await failure(tokens.requestAccessToken('balance', 'possession_knowledge'))
    expect(error.code).toBe(code)
    expect(bank.requested).toHaveLength(1)
  })

  test('is an error at once while the token is being created', async () => {
    const bank = startBank()
    const { calls, createToken } = heldCreation(bank)
    const tokens = bank.open({ createToken })
    const first = tokens.requestAccessToken('balance', 'possession')
    const error = await failure(tokens.requestAccessToken('balance', 'possession_biometry'))
    expect(error.code).toBe(code)
    await settled()
    calls[0]?.resolve()
    expect((await first).tokenName).toBe('balance')
    expect(calls).toHaveLength(1)
  })

  test.each([
    [{}, 'possession'],
    [{ password: 'CANARY-7f3a' }, 'possession_knowledge'],
    [{ userPassword: 'CANARY-7f3a', useBiometry: false }, 'possession_knowledge'],
    [{ userPassword: null, useBiometry: false }, 'possession'],
    [{ biometricPrompt: {} }, 'possession_biometry'],
    [{ isBiometricAuthentication: true, password: undefined }, 'possession_biometry'],
    [{ password: {}, useBiometry: true }, 'possession_knowledge_biometry'],
    ['possession_knowledge', 'possession_knowledge'],
  ] as const)('is told by its factors: %o is %s', (authentication, factors) => {
    expect(factorsOf(authentication)).toBe(factors)
  })

  test.each(['knowledge', undefined, null, 1])('%o is not accepted', (authentication) => {
    expect(() => factorsOf(authentication as never)).toThrow(/`authentication` must be one of/)
  })
})

describe('the activation', () => {
  test('changes during a request, so the token is not kept', async () => {
    const bank = startBank()
    const { calls, createToken } = heldCreation(bank)
    const tokens = bank.open({ createToken })
    const requested = failure(tokens.requestAccessToken('balance', 'possession'))
    await settled()
    bank.activation.id = 'activation-2'
    calls[0]?.resolve()
    expect((await requested).code).toBe('ERR_ACTIVATION_CHANGED')
    bank.activation.id = 'activation-1'
    expect(await tokens.hasLocalToken('balance')).toBe(false)
  })

  test.each(['activation-2', undefined])(
    'that is now %s: a record of the old one is deleted when read, and not returned',
    async (id) => {
      const store = memoryStore()
      const bank = startBank({ store })
      const tokens = bank.open()
      await tokens.requestAccessToken('balance', 'possession')
      bank.activation.id = id
      const error = await failure(tokens.generateHeaderForToken('balance'))
      expect(error.code).toBe('ERR_TOKEN_NOT_AVAILABLE')
      expect(await store.names?.()).toEqual([])
      bank.activation.id = 'activation-1'
      expect(await bank.open().hasLocalToken('balance')).toBe(false)
    },
  )
})

test('a token of the new activation stays when one of the old activation is found late', async () => {
  const bank = startBank()
  const answers: (() => void)[] = []
  let isHeld = false
  const tokens = bank.open({
    async activationId() {
      if (!isHeld) return bank.activation.id
      isHeld = false
      await new Promise<void>((resolve) => answers.push(resolve))
      return bank.activation.id
    },
  })
  await tokens.requestAccessToken('balance', 'possession')
  isHeld = true
  const signed = tokens.generateHeaderForToken('balance') // looks at the old token
  await settled()
  bank.activation.id = 'activation-2'
  const { tokenIdentifier } = await tokens.requestAccessToken('balance', 'possession')
  answers[0]?.()
  expect((await signed).value).toContain(tokenIdentifier)
  expect(await tokens.hasLocalToken('balance')).toBe(true)
})

describe('two instances in one store', () => {
  test.each<[string, ...Parameters<ReturnType<typeof startBank>['open']>[0][]]>([
    ['of two servers', {}, { origin: 'https://other.test' }],
    ['of two ids', { instanceId: 'a/b' }, { instanceId: 'a' }],
  ])('%s keep their tokens apart', async (_, ...[mine, theirs]) => {
    const bank = startBank({ store: memoryStore() })
    const [one, other] = [bank.open(mine), bank.open(theirs)]
    const first = await one.requestAccessToken('balance', 'possession')
    await one.requestAccessToken('c', 'possession')
    expect(await other.hasLocalToken('balance')).toBe(false)
    expect(await other.hasLocalToken('b/c')).toBe(false)
    const second = await other.requestAccessToken('balance', 'possession_knowledge')
    expect(second.tokenIdentifier).not.toBe(first.tokenIdentifier)
    await other.removeAllLocalTokens()
    expect(await one.getLocalToken('balance')).toEqual(first)
    expect(await other.hasLocalToken('balance')).toBe(false)
  })
})

describe('removing', () => {
  test('an access token removes it at the server first, and keeps the local one if that fails', async () => {
    const bank = startBank()
    const tokens = bank.open()
    await tokens.requestAccessToken('balance', 'possession')
    bank.control.answerNext('/pa/v3/token/remove', () => new Response('', { status: 503 }))
    const error = await failure(tokens.removeAccessToken('balance'))
    expect(error.message).toBe('The server answered 503.')
    expect(await tokens.hasLocalToken('balance')).toBe(true)
    await tokens.removeAccessToken('balance')
    expect(await tokens.hasLocalToken('balance')).toBe(false)
    expect(bank.control.counts.removed).toBe(1)
  })

  test('a local token does not ask the server, and a missing one is not an error', async () => {
    const bank = startBank()
    const tokens = bank.open()
    await tokens.requestAccessToken('balance', 'possession')
    await tokens.removeLocalToken('balance')
    await tokens.removeLocalToken('unknown')
    expect(await tokens.hasLocalToken('balance')).toBe(false)
    expect(bank.control.counts.removed).toBe(0)
  })

  test.each<[string, TokenStore]>([
    ['a store that knows its names', memoryStore()],
    ['one that does not', withoutNames(memoryStore())],
  ])('all local tokens leaves nothing of this instance in %s', async (_, store) => {
    const bank = startBank({ store })
    const tokens = bank.open()
    await store.setToken({ accessToken: 'x' }, 'another name')
    await tokens.requestAccessToken('balance', 'possession')
    await tokens.requestAccessToken('cards', 'possession_biometry')
    await tokens.removeAllLocalTokens()
    expect([await tokens.hasLocalToken('balance'), await tokens.hasLocalToken('cards')]).toEqual([
      false,
      false,
    ])
    expect(await store.getToken('another name')).toEqual({ accessToken: 'x' })
  })

  test.each(['removeLocalToken', 'removeAllLocalTokens'] as const)(
    '%s drops a request under way: who waits is told, nothing is kept',
    async (remove) => {
      const bank = startBank()
      const { calls, createToken } = heldCreation(bank)
      const tokens = bank.open({ createToken })
      const requested = failure(tokens.requestAccessToken('balance', 'possession'))
      await settled()
      await tokens[remove]('balance')
      expect((await requested).code).toBe('ERR_SESSION_CHANGED')
      calls[0]?.resolve()
      await settled()
      expect(await tokens.hasLocalToken('balance')).toBe(false)
    },
  )

  test('at the server keeps a token that was requested in the meantime', async () => {
    const bank = startBank()
    const { promise: isRemoved, resolve: answer } = Promise.withResolvers<void>()
    const tokens = bank.open({ removeToken: () => isRemoved })
    await tokens.requestAccessToken('balance', 'possession')
    const removing = tokens.removeAccessToken('balance')
    await settled()
    await tokens.removeLocalToken('balance')
    const created = await tokens.requestAccessToken('balance', 'possession')
    answer()
    await removing
    expect(await tokens.getLocalToken('balance')).toEqual(created)
  })

  test('at the server needs the option removeToken', async () => {
    const bank = startBank()
    const tokens = bank.open({ removeToken: undefined as never })
    await tokens.requestAccessToken('balance', 'possession')
    const error = await failure(tokens.removeAccessToken('balance'))
    expect(error.message).toContain('`removeToken` must be a function')
    expect(await tokens.hasLocalToken('balance')).toBe(true)
  })
})

function withoutNames({ getToken, setToken, removeToken }: TokenStore): TokenStore {
  return { getToken, setToken, removeToken }
}
