import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listen, type ListeningServer } from '@latchkey/testing/node'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ada, useScene } from './support/scene.ts'

const scene = useScene()
const run = (...args: string[]) => scene.home.run(args)

describe('request', () => {
  it('prints the response unchanged into a pipe', async () => {
    await scene.signIn()
    const { stdout } = await run('request', 'get', 'api/v1/auth/user/me')
    expect(JSON.parse(stdout)).toMatchObject({ email: ada.email })
    expect(stdout).not.toContain('\n')
  })

  it('sends a body from stdin or a file', async () => {
    await scene.signIn()
    const { tableId } = scene.double.control.addTable()
    const path = `/api/v2/tables/${tableId}/records`
    const args = ['request', 'POST', path, '--input']
    expect((await scene.home.run([...args, '-'], { stdin: '{"Title":"one"}' })).code).toBe(0)
    const file = join(scene.home.folder, 'row.json')
    writeFileSync(file, '{"Title":"two"}')
    expect((await run(...args, file)).code).toBe(0)
    const { list } = JSON.parse((await run('request', 'GET', path)).stdout)
    expect(list.map(({ Title }: { Title: string }) => Title)).toEqual(['one', 'two'])
  })

  it('a 404 prints its body and ends with 6', async () => {
    await scene.signIn()
    const { code, stdout, stderr } = await run('request', 'GET', '/api/v2/nowhere')
    expect(code).toBe(6)
    expect(stdout).not.toBe('')
    expect(stderr).toContain('404')
  })

  it('another origin gets neither the request nor the token', async () => {
    await scene.signIn()
    expect((await run('request', 'GET', 'https://example.com/')).code).toBe(2)
    expect((await run('request', 'GET', '//example.com/')).code).toBe(6) // a path on the server itself
  })

  it('a header without a name is refused, and the message does not repeat it', async () => {
    await scene.signIn()
    const { code, stderr } = await run('request', 'GET', '/', '-H', ': CANARY-7f3a')
    expect(code).toBe(2)
    expect(stderr).not.toContain('CANARY')
  })

  it('a request that cannot be sent ends with 2, and a password in a URL is not shown', async () => {
    await scene.signIn()
    writeFileSync(join(scene.home.folder, 'body'), '{}')
    const withBody = await run('request', 'GET', '/', '--input', join(scene.home.folder, 'body'))
    expect(withBody.code).toBe(2)
    expect((await run('request', 'G T', '/')).code).toBe(2)
    const url = scene.url.replace('//', '//ada:CANARY-7f3a@')
    const withPassword = await run('request', 'GET', url)
    expect(withPassword.code).toBe(2)
    expect(withPassword.stderr).not.toContain('CANARY')
  })

  it('a server that answers 500 or 429 ends with 4', async () => {
    await scene.signIn()
    for (const status of [429, 503]) {
      scene.double.control.failNext('info', 1, { status })
      expect((await run('request', 'GET', '/api/v1/meta/nocodb/info')).code).toBe(4)
    }
  })
})

describe('request to any server', () => {
  const image = randomBytes(300_000)
  let server: ListeningServer

  beforeEach(async () => {
    const app = new Hono()
    app.post('/api/login', (c) => c.json({ token: 'CANARY-7f3a-token' }))
    app.get('/api/image', (c) => c.body(image, 200, { 'content-type': 'image/png' }))
    app.get('/api/query', (c) => c.text(`${c.req.query('a')} ${c.req.query('b')}`))
    app.put('/api/kind', (c) => c.text(c.req.header('content-type') ?? ''))
    app.delete('/api/thing', (c) => c.body(null, 204))
    app.get('/api/echo', (c) => {
      c.header('x-echo', c.req.header('authorization'))
      c.header('set-cookie', 'refresh=CANARY-7f3a')
      return c.text('\u001B[2Jhello')
    })
    server = await listen({ fetch: (request) => app.fetch(request) })
    const args = ['sign-in', `${server.url}/api/`, '--sign-in-path', '/login', '--user', 'ada']
    await scene.home.run([...args, '--stdin'], { stdin: ada.password })
  })
  afterEach(() => server.close())

  it('a pipe gets all bytes of an image', async () => {
    expect((await run('request', 'GET', 'image')).bytes.equals(image)).toBe(true)
  })

  it('a terminal gets a message instead of an image', async () => {
    const { shown, code } = await scene.home.type(['request', 'GET', 'image'], [])
    expect(code).toBe(0)
    expect(shown.trim()).toBe(
      'The answer is not text: 300000 bytes of image/png. Send them to a file.',
    )
  })

  it('a path keeps its query, below a sub-path', async () => {
    expect((await run('request', 'GET', '/query?a=1&b=%2F')).stdout).toBe('1 /')
  })

  it('HEAD and 204 print nothing', async () => {
    expect(await run('request', 'head', '/query')).toMatchObject({ code: 0, stdout: '' })
    expect(await run('request', 'DELETE', '/thing')).toMatchObject({ code: 0, stdout: '' })
  })

  it('a body is sent as JSON unless a header sets another type', async () => {
    const put = (...more: string[]) =>
      scene.home.run(['request', 'put', '/kind', '--input', '-', ...more], { stdin: 'a;b' })
    expect((await put()).stdout).toBe('application/json')
    expect((await put('-H', 'Content-Type: text/csv')).stdout).toBe('text/csv')
  })

  it('--verbose redacts cookies, and the token if the server repeats it', async () => {
    const { stderr } = await run('request', 'GET', '/echo', '--verbose')
    expect(stderr).toContain('200 OK\n')
    expect(stderr).toContain('x-echo: Bearer [redacted]\n')
    expect(stderr).not.toContain('CANARY')
  })

  it('a reader that closes the pipe early does not cause an error', async () => {
    const { code, stderr } = await scene.home.pipeInto(['request', 'GET', '/image'], 'head -c 1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})
