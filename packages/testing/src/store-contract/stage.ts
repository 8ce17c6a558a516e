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

/** What a case plays on. */
export interface Stage {
  place: StorePlace
  lacks(lack: Lack): boolean
  /** The first store on the place. */
  store: TokenStore
  /** Another store on the same place; the same one where stores do not share. */
  another(): Promise<TokenStore>
  /** Resolves once `condition` holds; rejects when the store's patience ends first. */
  eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** What `work` gives; rejects when the store's patience ends first. */
  inTime<T>(work: Promise<T>, what: string): Promise<T>
}

/** Makes a case of what is played on a place of its own, unless the store lacks what it `needs`. */
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

/** A token set that no other call gives. */
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

/** What the store gives, `null` being as good as nothing. */
export async function get(store: TokenStore, name = NAME): Promise<TokenSet | undefined> {
  return (await store.getToken(name)) ?? undefined
}

/** How an attempt ended that a store may refuse. */
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

/** That a store refused in the way a program can handle: an Error with a code, which shows no token. */
export function expectRefusal(error: unknown, what: string): void {
  ok(error instanceof Error, `${what}: an Error is thrown`)
  ok(typeof (error as { code?: unknown }).code === 'string', `${what}: the error has a code`)
  equal(leaks(error), [], `${what}: where the error shows what was stored`)
}

/** A promise and how to fulfil it. */
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
