import { expect, it } from 'vitest'
import { useScene } from './support/scene.ts'

const scene = useScene()
const secret = 'CANARY-7f3a'

it.each([
  [secret],
  ['api-tokens', secret],
  ['sign-in', `-p${secret}`],
  ['sign-in', '--password', secret],
  ['sign-in', `--refresh-token=${secret}`],
  ['sign-in', '--store', secret],
  ['sign-in', '--service', `it's ${secret}' is invalid`],
  ['sign-in', '--api-token', `nc_${secret}`],
  ['sign-in', 'https://nocodb.example.com', secret],
  ['sign-in', 'https://nocodb.example.com', '--headers-file', `x-gate: ${secret}`],
  ['sign-out', secret],
  ['use', secret],
  ['token', '--session', `https://ada:${secret}@nocodb.example.com`],
])('%s %s %s is wrong, and nothing of it is repeated', async (...args) => {
  const { code, stdout, stderr } = await scene.home.run(args)
  expect([2, 3]).toContain(code)
  expect(stderr).not.toBe('')
  expect(stdout + stderr).not.toContain('CANARY')
})

it.each([
  ['request', 'POST', '/items', '--input', `{"password":"${secret}"}`],
  ['request', 'GET', '/items', '--header', `x-key ${secret}`],
  ['run', '--', `PASSWORD=${secret}`, 'report'],
])('signed in, %s %s %s … neither', async (...args) => {
  await scene.signIn()
  const { code, stdout, stderr } = await scene.home.run(args)
  expect(code).toBeGreaterThan(1)
  expect(stdout + stderr).not.toContain('CANARY')
})
