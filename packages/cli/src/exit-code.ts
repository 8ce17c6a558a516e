/** Exit codes of the process, for scripts. `run` exits with the code of its command. */
export const ExitCode = {
  done: 0,
  /** An unexpected error. */
  failed: 1,
  /** The command line, or an environment variable, is wrong. */
  usage: 2,
  /** Not signed in, or the session is over: `latchkey sign-in`. */
  signedOut: 3,
  /** The server cannot be reached, fails (500 and above) or limits requests (429). Try again. */
  unavailable: 4,
  /** The file or keychain that holds the session failed. */
  store: 5,
  /** The server refused: a status of 400 to 499, such as for a wrong password. */
  refused: 6,
  /** `run`: the command was found, but could not be started. */
  commandNotStarted: 126,
  /** `run`: the command was not found. */
  commandNotFound: 127,
  /** Ctrl-C at a question. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
