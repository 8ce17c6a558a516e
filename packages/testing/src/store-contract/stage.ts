import type { TokenSet, TokenStore } from '@latchkey/core'
import { CANARY } from '../contract/canary.ts'
import { leaks } from '../contract/leaks.ts'
import { equal, ok } from '../contract/expect.ts'
import { pause } from '../contract/stage.ts'
import type { Lack, StoreCase, StorePlace, StoreSubject } from './subject.ts'

/** The name that most cases use. */
export const NAME = 'https://api.test'

const HOUR_MS = 3_600_000

const PATIENCE_MS = 5_000

/** The place and the stores of one case. */
export interface Stage {
  place: StorePlace
  lacks(lack: Lack): boolean
  /** The first store on the place. */
  store: TokenStore
  /** Another store on the same place; the same one where stores do not share. */
  another(): Promise<TokenStore>
  /** Resolves once `condition` holds; rejects when the store's time limit ends first. */
  eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** Returns the result of `work`; rejects when the store's time limit ends first. */
  inTime<T>(work: Promise<T>, what: string): Promise<T>
}

/** Makes a case that runs on its own place. It is skipped if the store lacks what it `needs`. */
export function fact(
  name: string,
  refs: readonly string[],
  play: (stage: Stage) => Promise<void | 'skipped'>,
  ...needs: Lack[]
): StoreCase {
  return {
    name,
    refs,
    async run(subject) {
      const lacks = (lack: Lack) => subject.lacks?.includes(lack) === true
      return needs.some(lacks) ? 'skipped' : playOn(subject, lacks, play)
    },
  }
}

async function playOn(
  subject: StoreSubject,
  lacks: Stage['lacks'],
  play: (stage: Stage) => Promise<void | 'skipped'>,
): Promise<void | 'skipped'> {
  const place = await subject.place()
  try {
    const store = await place.open()
    const another = async () => (lacks('sharing') ? store : place.open())
    return await play({ place, lacks, store, another, ...patience(subject.patienceMs) })
  } finally {
    await place.close?.()
  }
}

/** Returns a token set that is different at each call. */
export function tokensFor(label: string, more: Partial<TokenSet> = {}): TokenSet {
  const expiresAt = Date.now() + HOUR_MS
  return {
    accessToken: `${CANARY}-access-${label}`,
    refreshToken: `${CANARY}-refresh-${label}`,
    expiresAt,
    refreshExpiresAt: expiresAt + 24 * HOUR_MS,
    ...more,
  }
}

/** Reads the store; `undefined` for `null`. */
export async function get(store: TokenStore, name = NAME): Promise<TokenSet | undefined> {
  return (await store.getToken(name)) ?? undefined
}

/** Returns the result of an attempt that a store may refuse. */
export interface Attempt<T> {
  value?: T
  error?: unknown
}

export async function attempt<T>(work: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    return { error }
  }
}

/** Checks that a store refused with an Error that has a code and shows no token. */
export function expectRefusal(error: unknown, what: string): void {
  ok(error instanceof Error, `${what}: an Error is thrown`)
  ok(typeof (error as { code?: unknown }).code === 'string', `${what}: the error has a code`)
  equal(leaks(error), [], `${what}: where the error shows what was stored`)
}

/** A promise and the function that resolves it. */
export function gate(): { opened: Promise<void>; open(): void } {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  return { opened, open }
}

function patience(limitMs = PATIENCE_MS): Pick<Stage, 'eventually' | 'inTime'> {
  const eventually: Stage['eventually'] = async (condition, what) => {
    const until = Date.now() + limitMs
    while (!(await condition())) {
      ok(Date.now() < until, `${what}, within ${limitMs} ms`)
      await pause(5)
    }
  }
  return {
    eventually,
    async inTime(work, what) {
      let isOver = false
      const over = () => void (isOver = true)
      work.then(over, over)
      await eventually(() => isOver, what)
      return work
    },
  }
}
