import type { Answer, SceneState, Seen } from '../contract/scene.ts'
import { CANARY } from '../contract/canary.ts'
import { createGate, type Gate } from './hold.ts'

/** How the tokens of the contract's servers look, and how a request carries one. */
export interface TokenReading {
  /**
   * Makes an access token of a word: always the same, and another for another word. Default: the word
   * itself. A token that does not show the word cannot be looked for in what is printed.
   */
  makeToken?(word: string): string
  /**
   * The access token that a request carries by the scheme under test; `undefined` when it carries none,
   * or a signature that does not hold. `Authorization: Bearer`, `xc-auth` and `xc-token` are read in any
   * case.
   */
  tokenOf?(request: Seen): string | undefined
}

/**
 * One case's own corner of two loopback origins: `api`, which knows the token, and `other`, which must
 * not. It renews at `POST /renew` and accepts only the token issued last.
 */
export interface World {
  readonly id: string
  /** Every request is judged on arrival, and answered when no gate holds it back. */
  reply(request: Seen, query: URLSearchParams): Promise<Answer>
  makeToken(word: string): string
  /** What renewals are answered with instead of a token. */
  answerRenewals(answer: Answer | undefined): void
  /** What the next requests of `path` are answered with, before the ordinary answer. */
  script(path: string, answers: readonly Answer[]): void
  hold(path: string): void
  gate(path: string): Gate | undefined
  /** Counts answers that are not over yet. */
  track(change: 1 | -1): void
  state(): SceneState
}

interface Session {
  token: string
  renewals: number
  renewalAnswer: Answer | undefined
  makeToken(word: string): string
}

export function createWorld(
  id: string,
  origins: Record<Seen['at'], string>,
  reading: TokenReading,
): World {
  const scripts = new Map<string, Answer[]>()
  const gates = new Map<string, Gate>()
  const seen: Seen[] = []
  const makeToken = (word: string) => {
    const canary = `${CANARY}-${word}`
    return reading.makeToken?.(canary) ?? canary
  }
  const token = makeToken('never-issued')
  const session: Session = { token, renewals: 0, renewalAnswer: undefined, makeToken }
  let open = 0
  return {
    id,
    makeToken,
    async reply(received, query) {
      const carried = reading.tokenOf?.(received) ?? bareTokenOf(received)
      const request = carried === undefined ? received : { ...received, token: carried }
      seen.push(request)
      const answer = scripts.get(request.path)?.shift() ?? judge(session, request, query)
      await gates.get(request.path)?.pass()
      return answer
    },
    answerRenewals: (answer) => void (session.renewalAnswer = answer),
    script: (path, answers) => void scripts.set(path, [...answers]),
    hold: (path) => void gates.set(path, createGate()),
    gate: (path) => gates.get(path),
    track: (change) => void (open += change),
    state: () => ({
      id,
      api: `${origins.api}/${id}`,
      other: `${origins.other}/${id}`,
      token: session.token,
      renewals: session.renewals,
      open,
      seen,
    }),
  }
}

function judge(session: Session, request: Seen, query: URLSearchParams): Answer {
  const { path, at } = request
  if (path === '/renew') return renew(session)
  if (path === '/redirect') {
    return { status: Number(query.get('status')), headers: { location: query.get('to') ?? '' } }
  }
  if (path === '/open' || at === 'other') return { status: 200, body: '{"open":true}' }
  if (path === '/denied' || request.token !== session.token) {
    return { status: 401, body: '{"msg":"Invalid token"}' }
  }
  return { status: 200, body: '{"ok":true}' }
}

function renew(session: Session): Answer {
  if (session.renewalAnswer) return session.renewalAnswer
  session.renewals += 1
  session.token = session.makeToken(`${session.renewals}`)
  return { status: 200, body: JSON.stringify({ accessToken: session.token }) }
}

function bareTokenOf({ headers }: Seen): string | undefined {
  const [, bearer] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
  return bearer ?? headers['xc-auth'] ?? headers['xc-token']
}
