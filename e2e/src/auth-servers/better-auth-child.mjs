// Runs a better-auth server in this process: `node better-auth-child.mjs <install folder>`, all in memory.
// What it guards are notes, once by its sessions and once by its JWTs. Tells its parent the port; its parent
// tells it what to do with the sessions. Ends with its parent.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder] = process.argv.slice(2)
const found = createRequire(join(folder, 'package.json'))
const load = (name, from = found) => import(pathToFileURL(from.resolve(name)).href)
const { betterAuth } = await load('better-auth')
const { memoryAdapter } = await load('better-auth/adapters/memory')
const { fromNodeHeaders, toNodeHandler } = await load('better-auth/node')
const { bearer, jwt, twoFactor } = await load('better-auth/plugins')
const besideIt = createRequire(join(dirname(found.resolve('better-auth')), 'index.mjs'))
const { createLocalJWKSet, jwtVerify } = await load('jose', besideIt)

process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {}) // Ctrl-C reaches the parent as well, who decides what it means.

const models = ['user', 'session', 'account', 'verification', 'jwks', 'twoFactor']
const database = Object.fromEntries(models.map((model) => [model, []]))
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const baseURL = `http://127.0.0.1:${server.address().port}`
const common = {
  baseURL,
  secret: randomBytes(32).toString('hex'),
  database: memoryAdapter(database),
  logger: { disabled: true },
  telemetry: { enabled: false },
  rateLimit: { enabled: false },
  emailAndPassword: { enabled: true },
  trustedOrigins: ['http://127.0.0.1:*'],
}
const hour = 3_600
const plugins = [
  bearer(),
  jwt({ jwt: { expirationTime: '15m' } }),
  twoFactor({ skipVerificationOnEnable: true }),
]
const auth = betterAuth({ ...common, plugins, session: { expiresIn: hour, updateAge: 0 } })
/** The same sessions, with reads that do not write: then POST /get-session is what prolongs one. */
const deferred = betterAuth({
  ...common,
  basePath: '/api/deferred',
  plugins,
  session: { expiresIn: hour, updateAge: 0, deferSessionRefresh: true },
})

const handlers = { '/api/auth/': toNodeHandler(auth), '/api/deferred/': toNodeHandler(deferred) }

server.on('request', (request, response) => {
  const handler = Object.entries(handlers).find(([path]) => request.url.startsWith(path))?.[1]
  void (handler ?? notes)(request, response)
})

async function notes(request, response) {
  const isLetIn = request.url.startsWith('/jwt/') ? hasJwt : hasSession
  const isIn = await isLetIn(request, response)
  response.statusCode = isIn ? 200 : 401
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(isIn ? { notes: ['äöü'] } : { message: 'Unauthorized' }))
}

/** As the guide for Node says, with the cookie passed on that prolongs the session. */
async function hasSession(request, response) {
  const given = { headers: fromNodeHeaders(request.headers), returnHeaders: true }
  const { headers, response: session } = await auth.api.getSession(given)
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) response.setHeader('set-cookie', cookies)
  return session !== null
}

/** As another service would: it knows the public keys and no sessions. */
async function hasJwt(request) {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
  const keys = createLocalJWKSet(await auth.api.getJwks())
  return jwtVerify(token, keys, { issuer: baseURL }).then(
    () => true,
    () => false,
  )
}

const base32 = (text) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...text].map((one) => alphabet.indexOf(one).toString(2).padStart(5, '0')).join('')
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2))).toString()
}
/** By email, what an authenticator app has scanned. */
const scanned = new Map()

const controls = {
  signUp: ({ email, password }) =>
    auth.api.signUpEmail({ body: { email, password, name: 'Ada' } }).then(() => true),
  async enableTwoFactor({ email, password, token }) {
    const headers = new Headers({ authorization: `Bearer ${token}` })
    const { totpURI } = await auth.api.enableTwoFactor({ body: { password }, headers })
    scanned.set(email, base32(new URL(totpURI).searchParams.get('secret')))
    return true
  },
  code: async ({ email }) =>
    (await auth.api.generateTOTP({ body: { secret: scanned.get(email) } })).code,
  /** The session whose token starts `value` has run out, as if its hour had passed. */
  expire({ value }) {
    for (const session of database.session) {
      if (value.startsWith(session.token)) session.expiresAt = new Date(Date.now() - 1000)
    }
    return true
  },
  /** A token like `value` that ran out a minute ago, signed by the server itself. */
  async expiredJwt({ value }) {
    const payload = JSON.parse(Buffer.from(value.split('.')[1], 'base64url').toString())
    const exp = Math.floor(Date.now() / 1000) - 60
    return (await auth.api.signJWT({ body: { payload: { ...payload, exp, iat: exp - 900 } } }))
      .token
  },
  isAlive: ({ value }) => database.session.some(({ token }) => value.startsWith(token)),
}

process.on('message', ({ id, name, given }) => {
  void Promise.resolve(given)
    .then(controls[name])
    .then((result) => process.send({ id, result }))
    .catch((error) => process.send({ id, error: String(error) }))
})
process.send({ url: baseURL })
