import { type ContractServers, startContractServers } from '@latchkey/testing/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene } from '../../packages/testing/src/contract/scene.ts'
import { runtimes } from '../src/runtimes/list.ts'
import { type RunningWorker, startWorkerd } from '../src/runtimes/workerd.ts'

let servers: ContractServers
let worker: RunningWorker
beforeAll(async () => {
  const spec = runtimes.find(({ name }) => name === 'workerd')?.spec ?? ''
  ;[servers, worker] = await Promise.all([startContractServers(), startWorkerd(spec)])
})
afterAll(() => Promise.all([servers.close(), worker.stop()]))

test('a request that ended during its renewal holds up no later one: a manager for each, over one store', async () => {
  const scene = await openScene(servers)
  const { api } = scene
  const renewal = await scene.hold('/renew')
  expect(await worker.visit({ api, leaves: true })).toBe('left')
  await renewal.release()
  expect(await worker.visit({ api })).toBe('{"ok":true}')
  const renewals = await scene.renewals()
  expect(await worker.visit({ api })).toBe('{"ok":true}')
  expect(await scene.renewals()).toBe(renewals) // the third found the token in the store
})
