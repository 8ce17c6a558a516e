import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { main } from './support/latchkey.ts'
import { bob, useScene } from './support/scene.ts'

const scene = useScene()
const node = process.execPath

it('a reader of the messages that is gone does not end a sign-out halfway', async () => {
  await scene.signIn()
  await scene.signIn(bob)
  const child = spawn(node, [main, 'sign-out', '--all'], { env: scene.home.env })
  child.stderr.destroy()
  await once(child, 'close')
  expect(child.exitCode).toBe(0)
  expect((await scene.home.run(['status', '--json'])).stdout).toBe('[]\n')
})

it.skipIf(process.platform !== 'linux').each([
  ['token', []],
  ['request', ['GET', '/api/v2/meta/bases']],
])('%s: output that does not fit on the disk is told, once', async (command, args) => {
  await scene.signIn()
  const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const
  const child = spawn(node, [main, command, ...args], { env: scene.home.env, stdio: [...stdio] })
  const [stderr] = await Promise.all([child.stderr && text(child.stderr), once(child, 'close')])
  expect(child.exitCode).toBe(1)
  expect(stderr?.match(/no space left/g)).toHaveLength(1)
})
