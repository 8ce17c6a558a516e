import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { type DiagnosticsMessage, publishDiagnostics } from '../src/diagnostics.ts'
import { ORIGIN, scene } from './support/scene.ts'

const channels = ['request', 'renewal', 'session', 'store'].map((one) => `latchkey:${one}`)

/** Everything that is published, as `channel kind`. */
function subscriber() {
  const heard: string[] = []
  const messages: DiagnosticsMessage[] = []
  const listener = (message: unknown, channel: string | symbol) => {
    const about = message as DiagnosticsMessage
    messages.push(about)
    heard.push(`${String(channel)} ${about.entry.kind}`)
  }
  for (const channel of channels) subscribe(channel, listener)
  onTestFinished(() => {
    for (const channel of channels) unsubscribe(channel, listener)
  })
  return { heard, messages }
}

test('each entry is published on its channel, with the name of its manager', async () => {
  const { heard, messages } = subscriber()
  const { manager, scripted, ask, respond } = scene({
    store: {
      getToken: () => undefined,
      setToken: () => Promise.reject(new Error('CANARY-7f3a')),
      removeToken: () => undefined,
    },
  })
  scripted.answer(() => ({ accessToken: 'CANARY-7f3a', refreshToken: 'CANARY-7f3a' }))
  publishDiagnostics(manager, { name: 'crm' })
  await respond(await ask('/items?secret=CANARY-7f3a'), 200)
  await manager.signOut()
  expect(heard).toEqual([
    'latchkey:request waiting',
    'latchkey:store storeFailed',
    'latchkey:renewal renewed',
    'latchkey:request sent',
    'latchkey:request answered',
    'latchkey:session signedOut',
  ])
  expect(new Set(messages.map(({ name }) => name))).toEqual(new Set(['crm']))
  expect(messages[0]?.entry).toMatchObject({ request: 1, url: `${ORIGIN}/items` })
  expect(JSON.stringify(messages)).not.toContain('CANARY')
})

test('nothing is published once it is stopped', async () => {
  const { heard } = subscriber()
  const { manager, timeline, scripted, ask } = scene()
  scripted.answerTokens()
  timeline.stop()
  const { authorize } = manager
  const stop = publishDiagnostics(manager)
  stop()
  await ask()
  expect(heard).toEqual([])
  expect(manager.authorize).toBe(authorize)
})
