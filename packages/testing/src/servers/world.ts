import type { Answer, SceneState, Seen } from '../contract/scene.ts'
import { CANARY } from '../contract/canary.ts'
import { createGate, type Gate } from './hold.ts'

/**
 * One case's own corner of two loopback origins: `api`, which knows the token, and `other`, which must
 * not. It renews at `POST /renew` and accepts only the token issued last.
 */
export interface World {
  readonly id: string
  /** Every request is judged on arrival, and answered when no gate holds it back. */
  reply(request: Seen, query: URLSearchParams): Promise<Answer>
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
}

export function createWorld(id: string, apiOrigin: string, otherOrigin: string): World {
  const scripts = new Map<string, Answer[]>()
  const gates = new Map<string, Gate>()
  const seen: Seen[] = []
  const session: Session = {
    token: `${CANARY}-never-issued`,
    renewals: 0,
    renewalAnswer: undefined,
  }
  let open = 0
  return {
    id,
    async reply(request, query) {
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
      api: `${apiOrigin}/${id}`,
      other: `${otherOrigin}/${id}`,
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
  if (path === '/denied' || !isSignedIn(session, request)) {
    return { status: 401, body: '{"msg":"Invalid token"}' }
  }
  return { status: 200, body: '{"ok":true}' }
}

function renew(session: Session): Answer {
  if (session.renewalAnswer) return session.renewalAnswer
  session.renewals += 1
  session.token = `${CANARY}-${session.renewals}`
  return { status: 200, body: JSON.stringify({ accessToken: session.token }) }
}

function isSignedIn({ token }: Session, { headers }: Seen): boolean {
  const given = [headers.authorization, headers['xc-auth'], headers['xc-token']]
  return given.includes(`Bearer ${token}`) || given.includes(token)
}
