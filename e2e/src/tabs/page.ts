import {
  bearer,
  createTokenManager,
  type Grant,
  GrantRejectedError,
  type TokenSet,
} from '@latchkey/core'
import { cookieStore } from '@latchkey/stores/cookie'
import { webStore } from '@latchkey/stores/web'
import { openTab } from './tab.ts'

const { origin, searchParams } = new URL(location.href) // a sandboxed page's own origin is 'null'
const app = 'tabs'

const refreshToken: Grant = {
  name: 'refresh token',
  async request({ tokens, fetch, signal }) {
    if (!tokens?.refreshToken) return undefined
    const response = await fetch('/renew', { method: 'POST', body: tokens.refreshToken, signal })
    if (response.status === 400) throw new GrantRejectedError('The refresh token was rejected.')
    return (await response.json()) as TokenSet
  },
}

const manager = createTokenManager({
  origin,
  scheme: bearer(),
  grants: [refreshToken],
  store: searchParams.has('cookie') ? cookieStore({ document }, { app }) : webStore({ app }),
  renewTimeoutMs: Number(searchParams.get('renewTimeoutMs') ?? 15_000),
  allowInsecure: true, // some tests want a page without a secure context
})

window.tab = openTab(manager, {
  url: `${origin}/items`,
  async signIn(user) {
    const response = await fetch(`/sign-in?user=${user}`)
    await manager.setTokens((await response.json()) as TokenSet)
  },
})
