import { nocodb } from '@latchkey/nocodb'
import { webStore } from '@latchkey/stores/web'
import { openTab } from './tab.ts'

/** NocoDB under the page's own origin, its refresh token in a cookie that only the browser sees. */
const noco = nocodb({ baseUrl: location.origin, store: webStore() })

window.tab = openTab(noco, {
  url: `${location.origin}/api/v1/auth/user/me`,
  signIn: (user) => noco.signIn({ email: `${user}@example.com`, password: 'correct horse' }),
})
