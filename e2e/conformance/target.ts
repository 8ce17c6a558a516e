import { randomBytes } from 'node:crypto'
import type { Answer, Wire } from './wire.ts'
import { openWire, textField } from './wire.ts'

/** A server whose first user has not signed up yet, as a test file gives it to `openTarget()`. */
export interface FreshServer {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly fetch: typeof fetch
  /** Whole seconds, in ms. */
  readonly accessTokenLifetimeMs: number
  readonly jwtSecret: string
  /** Lets so much time pass on the server: really, or on its clock. */
  readonly passTime: (ms: number) => Promise<void>
}

export interface Credentials {
  readonly email: string
  readonly password: string
}

/** What a case gets: the server, and ways to have new users on it. */
export interface ConformanceTarget extends FreshServer {
  readonly wire: Wire
  /** The answer to the server's very first sign-up. */
  readonly firstSignUp: Answer
  readonly admin: Credentials
  /** A table with the column `Title`, which every new user may read and write. */
  readonly tableId: string
  readonly recordsPath: string
  /** A new user, with the right to write to the table and no session. */
  readonly newUser: () => Promise<Credentials>
  /** E-mail and password of nobody yet. */
  readonly newCredentials: () => Credentials
}

/** One fact about the wire. `run` rejects when the server does otherwise. */
export interface ConformanceCase {
  readonly name: string
  readonly run: (target: ConformanceTarget) => Promise<void>
}

/** Signs up the server's first user and makes a base and a table for the cases. */
export async function openTarget(server: FreshServer): Promise<ConformanceTarget> {
  const wire = openWire(server.baseUrl, server.fetch)
  const admin = newCredentials()
  const firstSignUp = await wire('POST', '/api/v1/auth/user/signup', { body: admin })
  const asAdmin = { 'xc-auth': textField(firstSignUp.json, 'token') }
  const base = await wire('POST', '/api/v2/meta/bases', {
    headers: asAdmin,
    body: { title: 'Conformance' },
  })
  const baseId = textField(base.json, 'id')
  const columns = [{ title: 'Title', column_name: 'title', uidt: 'SingleLineText' }]
  const table = await wire('POST', `/api/v2/meta/bases/${baseId}/tables`, {
    headers: asAdmin,
    body: { title: 'Notes', table_name: 'notes', columns },
  })
  const tableId = textField(table.json, 'id')

  return {
    ...server,
    wire,
    firstSignUp,
    admin,
    tableId,
    recordsPath: `/api/v2/tables/${tableId}/records`,
    newCredentials,
    async newUser() {
      const user = newCredentials()
      await wire('POST', '/api/v1/auth/user/signup', { body: user })
      const signedIn = await wire('POST', '/api/v1/auth/user/signin', { body: admin })
      const invitation = await wire('POST', `/api/v2/meta/bases/${baseId}/users`, {
        headers: { 'xc-auth': textField(signedIn.json, 'token') },
        body: { email: user.email, roles: 'editor' },
      })
      if (invitation.status !== 200) throw new Error(`the invitation answered ${invitation.status}`)
      return user
    },
  }
}

function newCredentials(): Credentials {
  const unique = randomBytes(6).toString('hex')
  return { email: `${unique}@example.com`, password: `canary-${unique}` }
}
