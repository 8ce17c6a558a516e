/** What a server answered to a sign-in: who signed in, what they may do, or what it wants to know next. */
export interface SignInAnswer {
  /** The HTTP status. */
  readonly status: number
  /** Parsed when it is JSON, else text. It holds the tokens as well. */
  readonly body: unknown
}
