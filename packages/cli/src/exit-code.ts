/** What the process ends with, for scripts. `run` ends as its command did. */
export const ExitCode = {
  done: 0,
  /** Something we did not foresee. */
  failed: 1,
  /** The command line, or an environment variable, is wrong. */
  usage: 2,
  /** Not signed in, or the session is over: `latchkey sign-in`. */
  signedOut: 3,
  /** The server cannot be reached, fails (500 and above) or asks for patience (429): try again. */
  unavailable: 4,
  /** The file or keychain that holds the session failed. */
  store: 5,
  /** The server answered, and the answer is no: a status of 400 to 499, a wrong password. */
  refused: 6,
  /** `run`: the command was found, but could not be started. */
  commandNotStarted: 126,
  /** `run`: there is no such command. */
  commandNotFound: 127,
  /** Ctrl-C at a question. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
