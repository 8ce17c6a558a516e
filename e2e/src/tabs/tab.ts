import type { TokenManager } from '@latchkey/core'
import { wrapFetch } from '@latchkey/fetch'

/** What a test asks of a tab. */
export interface Tab {
  signIn(user: string): Promise<unknown>
  signOut(): Promise<unknown>
  /** `'renewed'`, or the error's code. */
  refresh(): Promise<string>
  /** Asks the API so many times at once: whose items came, or which error. */
  ask(times?: number): Promise<string[]>
  /** Asks one after the other until `stopAsking()`, which gives what came, each once. */
  keepAsking(): void
  stopAsking(): Promise<string[]>
  /** What the manager announced. */
  events: string[]
}

declare global {
  interface Window {
    tab: Tab
  }
}

/** What differs between one API and another. */
interface Api {
  /** Answers with `user` or `email`: whose token it got. */
  url: string
  signIn(user: string): Promise<unknown>
}

/** An app as a user would write it. */
export function openTab(manager: TokenManager, { url, signIn }: Api): Tab {
  const api = wrapFetch(manager)
  const askOnce = async (): Promise<string> => {
    try {
      const response = await api(url)
      if (!response.ok) return String(response.status)
      const body = (await response.json()) as { user?: string; email?: string }
      return body.user ?? body.email ?? 'guest'
    } catch (error) {
      return codeOf(error)
    }
  }
  const got = new Set<string>()
  const asking = { isOn: false, done: Promise.resolve() }
  const loop = async (): Promise<void> => {
    got.add(await askOnce())
    if (asking.isOn) await loop()
  }
  return {
    signIn,
    events: record(manager),
    signOut: () => manager.signOut(),
    refresh: () => manager.refresh().then(() => 'renewed', codeOf),
    ask: (times = 5) => Promise.all(Array.from({ length: times }, askOnce)),
    keepAsking() {
      asking.isOn = true
      asking.done = loop()
    },
    async stopAsking() {
      asking.isOn = false
      await asking.done
      return [...got]
    },
  }
}

function record(manager: TokenManager): string[] {
  const events: string[] = []
  manager.on('renewed', () => void events.push('renewed'))
  manager.on('signedOut', ({ reason }) => void events.push(`signed out: ${reason}`))
  manager.on('storeFailed', ({ operation, error }) => {
    events.push(`store failed: ${operation} ${codeOf(error.cause)}`)
  })
  return events
}

const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error)
