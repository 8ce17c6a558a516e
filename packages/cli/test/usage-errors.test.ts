import { expect, it } from 'vitest'
import { useScene } from './support/scene.ts'

const scene = useScene()
const secret = 'CANARY-7f3a'
/** A line as it is shown here, where no secret may be. */
const typed = (shown: string) =>
  shown.split(' ').map((word) => word.replaceAll('_', ' ').replaceAll('SECRET', secret))

it.each([
  'SECRET',
  'api-tokens SECRET',
  'sign-in -pSECRET',
  'sign-in --password SECRET',
  'sign-in --refresh-token=SECRET',
  'sign-in --store SECRET',
  "sign-in --service it's_SECRET'_is_invalid",
  'sign-in --api-token nc-SECRET',
  'sign-in https://nocodb.example.com SECRET',
  'sign-in https://nocodb.example.com --headers-file x-gate:_SECRET',
  'sign-out SECRET',
  'use SECRET',
  'token --session https://ada:SECRET@nocodb.example.com',
])('%s is refused, and the message repeats no secret', async (line) => {
  const { code, stdout, stderr } = await scene.home.run(typed(line))
  expect([2, 3]).toContain(code)
  expect(stderr).not.toBe('')
  expect(stdout + stderr).not.toContain('CANARY')
})

it.each([
  'request POST /items --input {"password":"SECRET"}',
  'request GET /items --header x-key_SECRET',
  'run -- PASSWORD=SECRET report',
])('%s after a sign-in is refused, and the message repeats no secret', async (line) => {
  await scene.signIn()
  const { code, stdout, stderr } = await scene.home.run(typed(line))
  expect(code).toBeGreaterThan(1)
  expect(stdout + stderr).not.toContain('CANARY')
})
