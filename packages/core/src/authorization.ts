/** The request an adapter is about to send, as far as the manager needs to know it. */
export interface AuthorizeRequest {
  /** The final, resolved URL: what decides whether the token may go there. */
  url: string | URL
  method: string
  /** The caller's own headers. A credential among them wins: nothing is added. */
  headers?: { has(name: string): boolean }
  /** Ends this caller's waiting only, with its own reason. */
  signal?: AbortSignal | null | undefined
}

/**
 * What to add to one attempt of one request. `headers` lives behind a getter, so that nobody prints a
 * token by printing an authorization.
 */
export class Authorization {
  readonly #headers: Readonly<Record<string, string>>
  /** Which of the manager's token sets this is. 0: none of ours, nothing to add, nothing to recover. */
  readonly generation: number
  /** 1 for the first sending, 2 for the replay. */
  readonly attempt: number
  /** Whether a rejection can be followed by a replay: false for a replay and for a static token. */
  readonly renewable: boolean
  readonly epoch: number
  readonly url: URL
  readonly method: string

  constructor(
    headers: Readonly<Record<string, string>>,
    about: Pick<Authorization, 'generation' | 'attempt' | 'renewable' | 'epoch' | 'url' | 'method'>,
  ) {
    this.#headers = headers
    this.generation = about.generation
    this.attempt = about.attempt
    this.renewable = about.renewable
    this.epoch = about.epoch
    this.url = about.url
    this.method = about.method
  }

  /** Lower-case names and values to set on the request, replacing nothing of the caller's. */
  get headers(): Readonly<Record<string, string>> {
    return this.#headers
  }
}

/** Headers that are credentials, whoever set them: at most one of them leaves with a request. */
export const CREDENTIAL_HEADERS = ['authorization', 'xc-auth', 'xc-token', 'x-powerauth-token']
