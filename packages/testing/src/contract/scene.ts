/** One request as it reached a server. */
export interface Seen {
  at: 'api' | 'other'
  method: string
  /** The path, without the scene's own prefix and the query. */
  path: string
  /** Lower-case names. */
  headers: Record<string, string | undefined>
  /** Its bytes, one character each. */
  body: string
  /** The token that it carried, as the server reads the scheme. Absent without a token, or with a wrong signature. */
  token?: string
}

/** An answer for the server to send. Default: 200 and an empty body. */
export interface Answer {
  status?: number
  headers?: Record<string, string | string[]>
  body?: string
  /**
   * `reset`: the connection breaks before the answer; `cut`: in the middle of its body; `stalled`: the
   * body never goes on; `endless`: it never ends; `bomb`: nor does this one, of which a few kilobytes
   inflate to hundreds of megabytes.
   */
  fault?: 'reset' | 'cut' | 'stalled' | 'endless' | 'bomb'
}

export interface SceneState {
  id: string
  /** Base URL, without a slash at the end. */
  api: string
  /** Another origin. */
  other: string
  /** The token accepted now. At first no client has it. */
  token: string
  renewals: number
  /** The number of unfinished answers. */
  open: number
  /** The answer to `makeToken()`. */
  made?: string
  seen: Seen[]
}

/** Requests of a path, held back until released. */
interface Hold {
  whenWaiting(count?: number): Promise<SceneState>
  release(): Promise<unknown>
}

/** A case's own part of the servers, reached from this process or from a page. */
export interface Scene {
  readonly api: string
  readonly other: string
  state(): Promise<SceneState>
  /** Makes a token of `word` in the server's format, which the server does not accept. */
  makeToken(word: string): Promise<string>
  /** Returns the requests of `path` so far, at any origin. */
  of(path: string): Promise<Seen[]>
  renewals(): Promise<number>
  /** Sets the next answers to `path`, before the usual one. */
  script(path: string, answers: readonly Answer[]): Promise<unknown>
  /** Sets the answer to renewals. Default: a new token. */
  answerRenewals(answer?: Answer): Promise<unknown>
  hold(path: string): Promise<Hold>
}

/** Opens a part of the servers at `url`, which `startContractServers()` returned. */
export async function openScene({ url }: { readonly url: string }): Promise<Scene> {
  const ask = async (path: string, body?: unknown): Promise<SceneState> => {
    const init = { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }) }
    return (await fetch(url + path, init)).json() as Promise<SceneState>
  }
  const { id, api, other } = await ask('/open')
  const act = (action: string, path: string, body?: unknown) =>
    ask(`/${id}/${action}path=${encodeURIComponent(path)}`, body)
  const state = () => ask(`/${id}`)
  return {
    api,
    other,
    state,
    makeToken: async (word) => (await act('token?', word)).made ?? '',
    of: async (path) => (await state()).seen.filter((request) => request.path === path),
    renewals: async () => (await state()).renewals,
    script: (path, answers) => act('script?', path, answers),
    answerRenewals: (answer) => act('renewal?', '', answer),
    async hold(path) {
      await act('hold?', path)
      return {
        whenWaiting: (count = 1) => act(`waiting?count=${count}&`, path),
        release: () => act('release?', path),
      }
    },
  }
}
