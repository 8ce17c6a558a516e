import { listen } from '@latchkey/testing/node'
import { expect, it, describe } from 'vitest'
import { harmlessJson, harmlessLines, oneLine } from '../src/terminal.ts'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const evil = '\u001B]0;OWNED\u0007\u001B[31m\u009B2J\u202E\r\nlatchkey: all is well\u2028'
/** What no output of ours holds; a line end is ours, and what a line begins with. */
const steering = /[^\P{Cc}\n]|[\u2028\u2029\u202A-\u202E]/u

/** A NocoDB whose every text steers a terminal. */
async function evilServer() {
  return listen({
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const json = (value: unknown, status = 200) => Response.json(value, { status })
      if (pathname.endsWith('/nocodb/info')) return json({ version: `0.301.3${evil}` })
      if (pathname.endsWith('/user/me')) return json({ id: 'us1', email: `eve${evil}@example.com` })
      if (pathname.includes('/refused')) return json({ msg: evil }, 422)
      if (pathname.includes('/page')) return new Response(evil)
      if (pathname.endsWith('/signin') && (await request.clone().text()).includes('wrong')) {
        return json({ msg: `no ${evil}` }, 400)
      }
      return scene.double.fetch(request)
    },
  })
}

const lines = (text: string) => text.split('\n')

describe('text from a server', () => {
  it('stays on one line without control characters in doctor, status and failures', async () => {
    const server = await evilServer()
    const signIn = (password: string, ...more: string[]) =>
      scene.home.run(['sign-in', server.url, ...more, '--stdin'], { stdin: password })
    const refused = await signIn('wrong', '--email', ada.email)
    await signIn(ada.password, '--email', ada.email)
    const named = await signIn('nc_api-token-secret-1', '--api-token')
    const ended = [refused, named]
    for (const args of [['doctor'], ['status'], ['status', '--json'], ['doctor', '--json']]) {
      ended.push(await scene.home.run(args))
    }
    await server.close()
    const all = ended.map(({ stdout, stderr }) => stdout + stderr)
    expect(all.filter((text) => steering.test(text))).toEqual([])
    expect(all.flatMap(lines).filter((line) => line.startsWith('latchkey: all'))).toEqual([])
    expect(all.join('')).toContain('eve')
    expect(all.join('')).toContain('0.301.3')
  })

  it('goes unchanged into a pipe, and without control characters to a terminal', async () => {
    const server = await evilServer()
    const args = ['sign-in', server.url, '--email', ada.email, '--stdin']
    await scene.home.run(args, { stdin: ada.password })
    expect((await scene.home.run(['request', 'GET', '/page'])).stdout).toBe(evil)
    const { raw } = await scene.home.type(['request', 'GET', '/page'], [])
    await server.close()
    expect(raw).toContain('latchkey: all is well')
    expect(raw).not.toMatch(/OWNED|\u001B\[31m|\u009B|\u202E/) // oxlint-disable-line no-control-regex
  })
})

it('user input is printed without control characters too', async () => {
  const { stderr } = await scene.home.run(['sign-in', `--\u001B[31mred`])
  expect(stderr).not.toMatch(steering)
})

it('oneLine() removes line ends, and harmlessLines() keeps line ends and tabs', () => {
  expect(oneLine('a\u001B[2Jb\r\nc\u0085d')).toBe('ab c d')
  expect(harmlessLines('a\tb\r\nc\u001B[2J')).toBe('a\tb\nc')
})

it('harmlessJson() keeps the meaning of the JSON', () => {
  const text = JSON.stringify({ [evil]: evil })
  expect(harmlessJson(text)).not.toMatch(steering)
  expect(JSON.parse(harmlessJson(text))).toEqual({ [evil]: evil })
})
