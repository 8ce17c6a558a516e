import { serverVersions } from '@latchkey/testing'
import { describe, expect, it } from 'vitest'
import { ada, codeOf, failure, root, signedIn, startServer, urlOf } from './support/server.ts'

describe.each(serverVersions)('apiTokens on %s', (version) => {
  it('are created, listed, used and deleted by their numeric id', async () => {
    const server = startServer({ version })
    const noco = await signedIn(server)
    const made = await noco.apiTokens.create({ description: 'nightly import' })
    expect(made).toMatchObject({ id: expect.any(Number), description: 'nightly import' })
    expect(await noco.apiTokens.list()).toMatchObject([{ id: made.id, token: made.token }])
    expect((await server.read(server.open({ apiToken: made.token }))).status).toBe(200)
    await expect(noco.apiTokens.delete(made.id)).resolves.toBeUndefined()
    expect(await noco.apiTokens.list()).toEqual([])
  })

  it('can be created without a description', async () => {
    const noco = await signedIn(startServer({ version }))
    expect(await noco.apiTokens.create()).toMatchObject({ description: null })
  })

  it('with an unknown id cannot be deleted: an error says so', async () => {
    const noco = await signedIn(startServer({ version }))
    expect(await codeOf(noco.apiTokens.delete(99))).toMatch(/ERR_(UNEXPECTED|SERVER)_/)
  })
})

describe('apiTokens', () => {
  it.each([
    [{ msg: 'Not today' }],
    [{ error: 'FORBIDDEN', message: 'Not today' }],
    [{ error: 'ERR_FORBIDDEN', message: 'Not today', details: {} }],
  ])("are refused in the server's words: %j", async (body) => {
    const server = startServer()
    const noco = await signedIn(server)
    server.control.failNext('apiTokens', 1, { status: 403, body })
    const error = await failure(noco.apiTokens.create())
    expect(error.message).toBe('NocoDB did not create an API token: Not today.')
  })

  it.each([['<html>Please log in</html>'], [{}]])(
    'are not read from an answer that is not from NocoDB: %j',
    async (body) => {
      const server = startServer()
      const noco = await signedIn(server)
      server.control.failNext('apiTokens', 2, { status: 200, body })
      expect(await codeOf(noco.apiTokens.list())).toBe('ERR_UNEXPECTED_ANSWER')
      expect(await codeOf(noco.apiTokens.create())).toBe('ERR_UNEXPECTED_ANSWER')
    },
  )

  it('are not deleted by the token itself, which is not shown or sent', async () => {
    const server = startServer()
    const noco = await signedIn(server)
    const { token } = await noco.apiTokens.create()
    server.control.resetCounts()
    const error = await failure(noco.apiTokens.delete(token as never))
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(error.message).not.toContain(token)
    expect(server.control.counts().requests).toBe(0)
  })

  it('cannot be managed with an API token, and no request is made', async () => {
    const server = startServer()
    const { token } = server.control.createApiToken(root.email)
    const { apiTokens, signIn, signUp, changePassword } = server.open({ apiToken: token })
    const attempts = [
      apiTokens.list(),
      apiTokens.create(),
      apiTokens.delete(1),
      signIn(),
      signUp(ada),
      changePassword({ currentPassword: ada.password, newPassword: ada.password }),
    ]
    expect(await Promise.all(attempts.map(codeOf))).toEqual(
      attempts.map(() => 'ERR_SESSION_REQUIRED'),
    )
    expect(server.control.counts().requests).toBe(0)
  })

  it('are all listed, though the server returns one page at a time', async () => {
    const server = startServer()
    const all = Array.from({ length: 250 }, (_, id) => ({ id, token: `t${id}` }))
    const pages: string[] = []
    const noco = await signedIn(server, {
      fetch: async (input, init) => {
        const { pathname, searchParams, search } = urlOf(input)
        if (!pathname.endsWith('/api/v1/tokens')) return server.double.fetch(input, init)
        pages.push(search)
        const offset = Number(searchParams.get('offset') ?? 0)
        const limit = Number(searchParams.get('limit') ?? 10)
        return Response.json({ list: all.slice(offset, offset + limit) })
      },
    })
    expect(await noco.apiTokens.list()).toEqual(all)
    expect(pages).toHaveLength(3)
  })

  it('are each listed once by a server without pages', async () => {
    const server = startServer()
    for (let n = 0; n < 120; n += 1) server.control.createApiToken(ada.email)
    const noco = await signedIn(server)
    expect(await noco.apiTokens.list()).toHaveLength(120)
  })
})
