import type * as Peer from '@napi-rs/keyring'
import { StoreError, type StoreErrorCode } from '../store-error.ts'

/** How long a call of the store may take, in milliseconds: less than the manager's own patience. */
const CALL_LIMIT_MS = 2_500

/** The credentials of one service. Every method throws a StoreError. */
export interface Credentials {
  get(account: string): Promise<string | undefined>
  set(account: string, text: string): Promise<void>
  remove(account: string): Promise<void>
  all(): Promise<Map<string, string>>
}

export interface Keyring {
  /**
   * Runs `work` after all earlier calls have ended, so that an unanswered prompt is not followed by a second one.
   * Sends nothing more once the time limit is reached.
   *
   * @throws {StoreError} `ERR_STORE_TIMEOUT`, `ERR_STORE_LOCKED`, `ERR_STORE_DENIED`,
   *   `ERR_STORE_UNAVAILABLE`, `ERR_STORE_TOO_LARGE`, `ERR_STORE_PEER_MISSING`.
   */
  use<T>(work: (credentials: Credentials) => Promise<T>): Promise<T>
}

export function createKeyring(service: string): Keyring {
  let peer: Promise<typeof Peer> | undefined
  let before: Promise<unknown> = Promise.resolve()
  const entries: Entries = new Map()
  return {
    async use(work) {
      peer ??= loadPeer()
      const loaded = await peer
      const controller = new AbortController()
      const credentials = credentialsOf(loaded, service, entries, controller.signal)
      const turn = before.then(() => {
        controller.signal.throwIfAborted()
        return work(credentials)
      })
      before = turn.catch(() => undefined)
      const { promise: late, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        controller.abort(timedOut())
        reject(controller.signal.reason)
      }, CALL_LIMIT_MS)
      return Promise.race([turn, late]).finally(() => clearTimeout(timer))
    },
  }
}

/** Each is one connection to the keychain, until it is collected as garbage: so each is made once. */
type Entries = Map<string, Peer.AsyncEntry>

/** The signal ends the asking only: a native call that waits for a prompt goes on waiting. */
function credentialsOf(
  peer: typeof Peer,
  service: string,
  entries: Entries,
  signal: AbortSignal,
): Credentials {
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    try {
      return await work()
    } catch (cause) {
      const error = keyringError(cause)
      // What is connected to a keychain that was restarted stays broken.
      if (error.code === 'ERR_STORE_UNAVAILABLE' || error.code === 'ERR_STORE_TIMEOUT')
        entries.clear()
      throw error
    }
  }
  const entryOf = (account: string) => {
    let entry = entries.get(account)
    if (!entry) {
      // Without the option Linux falls back to the kernel's keyring, which forgets at the next reboot.
      entry = new peer.AsyncEntry(service, account, { linux: { store: 'secret-service' } })
      entries.set(account, entry)
    }
    return entry
  }
  return {
    get: (account) => ask(async () => (await entryOf(account).getPassword()) ?? undefined),
    set: (account, text) => ask(async () => entryOf(account).setPassword(text)),
    remove: (account) => ask(async () => void (await entryOf(account).deleteCredential())),
    all: () =>
      ask(async () => {
        entryOf('probe') // the search cannot be told which keychain: there must be the right one
        const found = await peer.findCredentialsAsync(service)
        return new Map(found.map(({ account, password }) => [account, password]))
      }),
  }
}

async function loadPeer(): Promise<typeof Peer> {
  try {
    // oxlint-disable-next-line no-restricted-imports -- on first use, and nowhere else
    return await import('@napi-rs/keyring')
  } catch (cause) {
    throw new StoreError(
      'ERR_STORE_PEER_MISSING',
      'The keychain needs the package @napi-rs/keyring: npm install @napi-rs/keyring. If it is already installed, it does not support this platform.',
      { cause },
    )
  }
}

const UNLOCK =
  'Unlock it (log in to the desktop, or `gnome-keyring-daemon --unlock`), or choose fileStore(), which keeps tokens as plain text. Nothing was stored elsewhere.'

/** The peer has no codes, only the words of each platform. */
const WORDS: readonly (readonly [RegExp, StoreErrorCode, string])[] = [
  [/reply/i, 'ERR_STORE_TIMEOUT', `The keychain does not answer. ${UNLOCK}`],
  [
    /dismissed|locked|interaction is not allowed/i,
    'ERR_STORE_LOCKED',
    `The keychain is locked. ${UNLOCK}`,
  ],
  [
    /denied|cancel|not authorized|-128\b/i,
    'ERR_STORE_DENIED',
    'Access to the keychain was refused. Allow it, or choose another store. Nothing was stored elsewhere.',
  ],
  [
    /platform limit|too long|longer than/i,
    'ERR_STORE_TOO_LARGE',
    'The keychain takes no value of that size. What was stored before is as it was.',
  ],
]

function keyringError(cause: unknown): StoreError {
  const text = cause instanceof Error ? cause.message : ''
  const [, code, message] = WORDS.find(([words]) => words.test(text)) ?? []
  if (code && message) return new StoreError(code, message, { cause })
  return new StoreError(
    'ERR_STORE_UNAVAILABLE',
    `No keychain is available: no desktop session (DBUS_SESSION_BUS_ADDRESS), or no keyring in it. ${UNLOCK}`,
    { cause },
  )
}

const timedOut = () =>
  new StoreError(
    'ERR_STORE_TIMEOUT',
    `The keychain did not answer within ${CALL_LIMIT_MS} ms; it may be asking for its password. ${UNLOCK}`,
  )
