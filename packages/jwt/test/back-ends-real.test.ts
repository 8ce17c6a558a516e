import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authorizedFetch } from '@latchkey/core/adapter'
import express, { type Express, type RequestHandler } from 'express'
import { expressjwt } from 'express-jwt'
import { SignJWT } from 'jose'
import passportLibrary from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { expressJwt, passport } from '../src/back-ends.ts'
import { jwtSession } from '../src/index.ts'
import { ada, CANARY } from './support/token-api.ts'

const secret = `${CANARY}-signing-key`

/** A token that expires `inSeconds` from now. */
const sign = (inSeconds: number) =>
  new SignJWT({ sub: 'ada' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(Date.now() / 1000) + inSeconds)
    .sign(new TextEncoder().encode(secret))

const [dead, good] = await Promise.all([sign(-60), sign(600)])

/** Signs ada in with a token that is dead from the start, then with good ones. */
function createApp(guard: RequestHandler): Express {
  const app = express().set('env', 'production')
  let signIns = 0
  app.use(express.json())
  app.post('/login', (request, response) => {
    signIns += 1
    if (request.body?.password !== ada.password) response.status(401).send('Unauthorized')
    else response.json({ token: signIns === 1 ? dead : good })
  })
  app.get('/data', guard, (_, response) => void response.json({ ok: true }))
  app.get('/admin', guard, (_, response) => void response.sendStatus(403))
  app.get('/sign-ins', (_, response) => void response.json(signIns))
  return app
}

function passportGuard(): RequestHandler {
  const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken()
  const strategy = new Strategy({ jwtFromRequest, secretOrKey: secret }, (payload, done) =>
    done(null, payload as object),
  )
  return new passportLibrary.Passport().use(strategy).authenticate('jwt', { session: false })
}

describe.each([
  [
    'express-jwt',
    expressJwt,
    () => expressjwt({ secret, algorithms: ['HS256'] }) as RequestHandler,
  ],
  ['passport-jwt', passport, passportGuard],
] as const)('the real %s', (_, isTokenRejected, makeGuard) => {
  let server: Server
  let baseUrl: string

  beforeAll(async () => {
    vi.spyOn(console, 'error').mockReturnValue() // Express says there what it answers with
    server = createServer(createApp(makeGuard()))
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    vi.restoreAllMocks()
    server.close()
  })

  const ask = async (path: string, token?: string) =>
    fetch(baseUrl + path, token ? { headers: { authorization: `Bearer ${token}` } } : {})
  const verdict = async (path: string, token?: string) => {
    const response = await ask(path, token)
    return [response.status, isTokenRejected(response)]
  }

  test('rejects an expired token with an answer that is recognised', async () => {
    expect(await verdict('/data', dead)).toEqual([401, true])
  })

  test('rejects a forged token with an answer that is recognised', async () => {
    expect(await verdict('/data', `${good}x`)).toEqual([401, true])
  })

  test('answers missing rights and success in a way that is not taken for a rejected token', async () => {
    expect(await verdict('/admin', good)).toEqual([403, false])
    expect(await verdict('/data', good)).toEqual([200, false])
  })

  test('a client is kept signed in across an expiry', async () => {
    const session = jwtSession({ baseUrl, signIn: '/login', credentials: ada, isTokenRejected })
    const response = await authorizedFetch(session, fetch)(`${baseUrl}/data`)
    expect(response.status).toBe(200)
    expect(await (await ask('/sign-ins')).json()).toBe(2)
  })
})
