import { wrapFetch } from '@latchkey/fetch'
import { nocodb } from '@latchkey/nocodb'
import { webStore } from '@latchkey/stores/web'
import { createTimeline } from '@latchkey/timeline'
import { find, showCounts, showStatus, valueOf } from './elements.ts'
import { shareTimelines } from './shared-timelines.ts'

const tab = Number(new URLSearchParams(location.search).get('tab') ?? 1)

// The whole setup: one store for all tabs, one manager in each tab, and a fetch that stays signed in.
const noco = nocodb({ baseUrl: location.origin, store: webStore({ app: 'three-tabs' }) })
const api = wrapFetch(noco)
const timeline = createTimeline(noco, { name: `tab ${tab}` })

const tabs = shareTimelines(timeline, () => void ask())
noco.on('signedOut', ({ reason }) => showStatus(`signed out (${reason})`))

/** Three requests at once, as a page makes them when it is opened. */
async function ask(): Promise<void> {
  const paths = ['/api/v1/auth/user/me', '/api/v2/meta/bases', '/api/v2/meta/bases']
  const answers = await Promise.allSettled(paths.map((path) => api(path)))
  const failed = answers.find((answer) => answer.status === 'rejected')
  showStatus(failed ? String(failed.reason.code) : 'signed in')
  await showCounts()
}

find('sign-in').addEventListener('submit', (event) => {
  event.preventDefault()
  noco.signIn({ email: valueOf('email'), password: valueOf('password') }).then(
    () => tabs.ask(),
    (error) => showStatus(error.message),
  )
})
find('open').addEventListener('click', () => void window.open(`?tab=${tabs.count() + 1}`))
find('ask').addEventListener('click', () => tabs.ask())
find('refuse').addEventListener('click', () => void fetch('/admin/refuse-tokens'))
find('sign-out').addEventListener('click', () => void noco.signOut())

showStatus((await noco.isSignedIn()) ? 'signed in' : 'signed out')
