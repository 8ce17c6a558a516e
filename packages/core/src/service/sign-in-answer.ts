/** A server's answer to a sign-in: who has signed in, what they may do, or what the server asks next. */
export interface SignInAnswer {
  /** The HTTP status. */
  readonly status: number
  /** Parsed if it is JSON, else text. It contains the tokens too. */
  readonly body: unknown
}
