import { describe, expect, it } from 'vitest'
import { authorizedFetch } from '../src/adapter.ts'
import { answer, authorize, ORIGIN, signedIn } from './support/harness.ts'

const redirect = (to: string) => new Response(null, { status: 302, headers: { location: to } })

describe('a credential that a redirect removed', () => {
  it('was not rejected: a 401 with credentialDropped renews nothing and has no explanation', async () => {
    const { manager, scripted } = await signedIn()
    const before = scripted.contexts.length
    const denied = Object.assign(answer(401), { credentialDropped: true })
    expect(await manager.recover(await authorize(manager), denied)).toBeUndefined()
    expect(scripted.contexts).toHaveLength(before)
    expect(manager.explain(denied)).toBeUndefined()
  })

  it('is reported by the response from the other origin', async () => {
    const { manager, scripted } = await signedIn()
    const before = scripted.contexts.length
    const answers = [redirect('https://elsewhere.test/'), redirect(`${ORIGIN}/items`)]
    const sent: (string | null)[] = []
    const api = authorizedFetch(manager, async (input, init) => {
      sent.push(new Request(input, init).headers.get('authorization'))
      return answers.shift() ?? new Response(null, { status: 401 })
    })
    const response = await api(`${ORIGIN}/items`)
    expect(response).toMatchObject({ status: 401, credentialDropped: true })
    expect(sent).toEqual(['Bearer a1', null, null])
    expect(scripted.contexts).toHaveLength(before)
  })
})

it('a request that a listener aborts after its renewal is not sent again', async () => {
  const { manager, scripted } = await signedIn()
  scripted.answerTokens()
  const controller = new AbortController()
  const reason = new Error('enough')
  manager.on('retried', () => controller.abort(reason))
  const { signal } = controller
  const recovery = manager.recover(await authorize(manager), answer(401), { signal })
  await expect(recovery).rejects.toBe(reason)
})
