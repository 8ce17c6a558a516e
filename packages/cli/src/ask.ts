import { stdin, stderr } from 'node:process'
import { text as readAll } from 'node:stream/consumers'
import { ExitCode } from './exit-code.ts'
import { Failure } from './failure.ts'

interface TextQuestion {
  /** The suggested answer, which the user can accept or edit. */
  initial?: string | undefined
  /** Throws when the answer is invalid. The user then sees its message and answers again. */
  check?(answer: string): unknown
}

/**
 * Asks the user on the terminal. Questions go to stderr, so that stdout holds only the command's result.
 *
 * @param option The option that replaces the question, for the error without a terminal.
 */
export async function ask(
  question: string,
  option: string,
  { initial, check }: TextQuestion = {},
): Promise<string> {
  refuseWithoutTerminal(question, option)
  const { text } = await import('@clack/prompts')
  const validate = (answer: string | undefined) => {
    if (!answer?.trim()) return 'Please answer.'
    try {
      check?.(answer)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : 'Please give another answer.'
    }
  }
  const answer = await text({
    message: question,
    output: stderr,
    validate,
    ...(initial !== undefined && { initialValue: initial }),
  })
  return given(answer).trim()
}

/** Asks for a secret, which is hidden while the user types it. */
export async function askSecret(question: string, option: string): Promise<string> {
  refuseWithoutTerminal(question, option)
  const { password } = await import('@clack/prompts')
  const validate = (answer: string | undefined) => (answer ? undefined : 'Please answer.')
  return given(await password({ message: question, output: stderr, validate }))
}

/** Reads a secret from stdin, without the line break that `echo` adds. */
export async function readSecret(what: string): Promise<string> {
  if (stdin.isTTY) {
    throw new Failure(
      ExitCode.usage,
      `Pipe the ${what} into this command. Without --stdin you are asked for it.`,
    )
  }
  const secret = (await readAll(stdin)).replace(/\r?\n$/, '')
  if (secret === '') throw new Failure(ExitCode.usage, `stdin is empty: pipe in the ${what}.`)
  if (!/[\r\n]/.test(secret)) return secret
  throw new Failure(ExitCode.usage, `stdin has more than one line: pipe in the ${what} alone.`)
}

function given(answer: string | symbol): string {
  if (typeof answer === 'string') return answer
  throw new Failure(ExitCode.interrupted, 'Nothing was changed.')
}

function refuseWithoutTerminal(question: string, option: string): void {
  if (stdin.isTTY && stderr.isTTY) return
  throw new Failure(
    ExitCode.usage,
    `"${question}" cannot be asked without a terminal. Use ${option}.`,
  )
}
